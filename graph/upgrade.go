package graph

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"github.com/userd/userd/internal/web"
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

var _ graphql.Transport = (*socketTransport)(nil)

// subprotocol is what clients must ask for.
const subprotocol = "graphql-transport-ws"

// Supports implements [graphql.Transport]: it takes requests to become a
// WebSocket.
func (*socketTransport) Supports(r *http.Request) bool {
	return r.Method == http.MethodGet && hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket")
}

// Do implements [graphql.Transport]. It returns when the request has become a
// WebSocket, and the exchange is over when that is closed and nothing that came
// over it runs any more: a goroutine that waits for messages below all that
// stands before a handler would hold the request, the server's buffers and a
// stack for them.
func (t *socketTransport) Do(w http.ResponseWriter, r *http.Request, e graphql.GraphExecutor) {
	answer := reply{mediaType: typeJSON}
	if !t.allows(r) {
		answer.fail(w, r, e, problem(codeOriginNotAllowed, "Pages of this origin may not open a WebSocket here."))
		return
	}
	upgraded := &upgradeWriter{ResponseWriter: w}
	conn, err := websocket.Accept(upgraded, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // allows has verified the origin
	})
	if err != nil {
		answer.fail(w, r, e, problem(codeUpgradeFailed, "The request cannot become a WebSocket."))
		return
	}
	conn.SetReadLimit(t.limits.BodyBytes)
	ctx, end := web.Outlive(r.Context())
	s := newSocket(t, conn, upgraded.conn, strings.Clone(web.Authorization(r.Header)))
	go func() {
		defer end()
		defer t.errs.survive(ctx)
		s.serve(ctx)
	}()
}

// allows tells whether a page of the request's origin may connect. Browsers
// let every page open a WebSocket anywhere, with the cookies of the other
// side, and leave it to the server to refuse. Other clients name no origin.
func (t *socketTransport) allows(r *http.Request) bool {
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
	conn   net.Conn // once it is upgraded
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

// How many bytes of what is read and written are held for each connection.
// Longer messages get by without being copied; most changes fit.
const (
	readBuffer  = 256
	writeBuffer = 512
)

// Hijack implements [http.Hijacker] for any writer around the server's own,
// whose buffers have 4 KiB each.
func (w *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, theirs, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.conn = conn
	early, _ := theirs.Reader.Peek(theirs.Reader.Buffered()) // from a client that did not wait for the answer
	reader := bufio.NewReaderSize(bytes.NewReader(bytes.Clone(early)), max(readBuffer, len(early)))
	_, _ = reader.Peek(len(early)) // where the library looks for it before it has the buffer read conn
	return conn, bufio.NewReadWriter(reader, bufio.NewWriterSize(conn, writeBuffer)), nil
}
