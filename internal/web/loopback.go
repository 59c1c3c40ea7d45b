package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// LoopbackOnly answers those who call this server by a name or an address of the loopback. With DNS
// rebinding a page of another site reaches a server under a name of its own, and the Host header
// gives that name away.
func LoopbackOnly(refuse Refuse, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r.Host) {
			refuse(w, r, http.StatusMisdirectedRequest, fmt.Sprintf(
				"%s is not what this server is called: ask http://localhost, or have it configured "+
					"with a token", Shown(r.Host)))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// OnLoopback tells whether a listener hears this machine only.
func OnLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// isLocal tells whether a Host header means this machine. A browser always sends one.
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.Unmap().IsLoopback()
}
