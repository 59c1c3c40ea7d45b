package measure

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// echoFormat makes echo requests to a host and knows their replies.
type echoFormat struct {
	request, reply icmp.Type
	protocol       int
	// token is in each of our echoes: a raw socket hears the replies to everybody's.
	token uint64
}

// echoData is the length of what an echo carries: token and number.
const echoData = 16

func newEchoFormat(target netip.Addr, token uint64) echoFormat {
	if target.Is4() {
		return echoFormat{ipv4.ICMPTypeEcho, ipv4.ICMPTypeEchoReply, 1, token}
	}
	return echoFormat{ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply, 58, token}
}

// packet returns an echo request. The kernel fills in the checksum of IPv6, which covers addresses,
// and the ID where the socket is unprivileged.
func (f echoFormat) packet(number uint64) ([]byte, error) {
	data := binary.BigEndian.AppendUint64(make([]byte, 0, echoData), f.token)
	data = binary.BigEndian.AppendUint64(data, number)
	body := &icmp.Echo{ID: int(f.token & 0xffff), Seq: int(number & 0xffff), Data: data}
	return (&icmp.Message{Type: f.request, Body: body}).Marshal(nil)
}

// number returns which echo a packet answers; ok is false where it answers none of ours.
func (f echoFormat) number(packet []byte) (number uint64, ok bool) {
	message, err := icmp.ParseMessage(f.protocol, packet)
	if err != nil || message.Type != f.reply {
		return 0, false
	}
	body, isEcho := message.Body.(*icmp.Echo)
	if !isEcho || len(body.Data) < echoData || binary.BigEndian.Uint64(body.Data) != f.token {
		return 0, false
	}
	return binary.BigEndian.Uint64(body.Data[8:]), true
}
