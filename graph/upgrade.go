package graph

import (
	"bufio"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
)

// socketTransport is GraphQL over WebSocket by the protocol
// graphql-transport-ws (npm's graphql-ws): one connection, many operations.
// gqlgen has such a transport as well; it repeats in its errors what it was
// sent, closes by other codes than the protocol's, lets writes wait without
// end, and neither bounds operations nor waits for them.
type socketTransport struct {
	performer
	limits  Limits
	streams Streams
	origins []string
}

var _ graphql.Transport = socketTransport{}

// subprotocol is what clients must ask for.
const subprotocol = "graphql-transport-ws"

// Supports implements [graphql.Transport]: it takes requests to become a
// WebSocket.
func (socketTransport) Supports(r *http.Request) bool {
	return r.Method == http.MethodGet && hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket")
}

// Do implements [graphql.Transport]. It returns when the WebSocket is closed
// and nothing that came over it runs any more.
func (t socketTransport) Do(w http.ResponseWriter, r *http.Request, e graphql.GraphExecutor) {
	answer := reply{mediaType: typeJSON}
	if !t.allows(r) {
		answer.fail(w, r, e, problem(codeOriginNotAllowed, "Pages of this origin may not open a WebSocket here."))
		return
	}
	conn, err := websocket.Accept(&upgradeWriter{ResponseWriter: w}, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // allows has verified the origin
	})
	if err != nil {
		answer.fail(w, r, e, problem(codeUpgradeFailed, "The request cannot become a WebSocket."))
		return
	}
	defer t.errs.abort(r.Context())
	conn.SetReadLimit(t.limits.BodyBytes)
	newSocket(t, conn, r).serve(r.Context())
}

// allows tells whether a page of the request's origin may connect. Browsers
// let every page open a WebSocket anywhere, with the cookies of the other
// side, and leave it to the server to refuse. Other clients name no origin.
func (t socketTransport) allows(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	origin, err := url.Parse(origins[0])
	if err != nil || len(origins) > 1 || origin.Host == "" {
		return false
	}
	return strings.EqualFold(origin.Host, r.Host) || slices.Contains(t.origins, origins[0])
}

// hasToken tells whether a header's list of tokens has one of this name.
func hasToken(h http.Header, name, token string) bool {
	for _, list := range h.Values(name) {
		for part := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// upgradeWriter lets the answer pass that a connection is upgraded, and drops
// every other: the library repeats the request's headers in it.
type upgradeWriter struct {
	http.ResponseWriter
	failed bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *upgradeWriter) WriteHeader(status int) {
	if w.failed = status != http.StatusSwitchingProtocols; !w.failed {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements [http.ResponseWriter].
func (w *upgradeWriter) Write(b []byte) (int, error) {
	if w.failed {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Hijack implements [http.Hijacker] for any writer around the server's own.
func (w *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
