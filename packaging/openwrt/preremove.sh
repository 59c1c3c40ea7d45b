#!/bin/sh
# Nothing runs where an image is being built, and an upgrade lets the program go on.
if [ -n "$IPKG_INSTROOT" ] || [ "$PKG_UPGRADE" = 1 ]; then
  exit 0
fi
/etc/init.d/wanstore stop
/etc/init.d/wanstore disable
exit 0
