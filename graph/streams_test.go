package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

// noLeaks fails the test if it leaves a goroutine behind. It is to be called
// before a server is started.
func noLeaks(t *testing.T) {
	t.Helper()
	current := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		goleak.VerifyNone(t, current)
	})
}

// message is what a subscriber gets: an answer, the errors that are the end of
// it, its completion, or the end of the connection.
type message struct {
	kind string // next, error, complete, or closed
	// payload is the data of next, the errors of error, and how closed came about.
	payload any
}

// subscriber is the client of one operation over either transport.
type subscriber interface {
	receive() message
	// awaitKeepAlives returns when the server has said so often that it is there.
	awaitKeepAlives(n int)
	leave()
}

// overBoth runs test over each transport.
func overBoth(t *testing.T, test func(t *testing.T, subscribe func(f *fixture, document string, v vars) subscriber)) {
	t.Run("WebSocket", func(t *testing.T) {
		noLeaks(t)
		test(t, func(f *fixture, document string, v vars) subscriber {
			s := f.dial(nil)
			s.init()
			s.subscribe("1", document, v)
			return s
		})
	})
	t.Run("events", func(t *testing.T) {
		noLeaks(t)
		test(t, func(f *fixture, document string, v vars) subscriber { return f.listen(request(f.t, document, v)) })
	})
}

// socket is a client's side of a WebSocket.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

// dial opens a WebSocket.
func (f *fixture) dial(h http.Header) *socket {
	f.t.Helper()
	s, resp := f.tryDial(h, "graphql-transport-ws")
	if s == nil {
		f.t.Fatalf("the handshake failed: %v", resp)
	}
	return s
}

func (f *fixture) tryDial(h http.Header, subprotocols ...string) (*socket, *http.Response) {
	f.t.Helper()
	if h = h.Clone(); h == nil {
		h = http.Header{}
	}
	h.Set("X-Request-Id", streamID)
	conn, resp, err := websocket.Dial(f.t.Context(), f.url, &websocket.DialOptions{HTTPHeader: h, Subprotocols: subprotocols, HTTPClient: smallClient()})
	if err != nil {
		return nil, resp
	}
	conn.SetReadLimit(-1)
	f.t.Cleanup(func() { conn.CloseNow() })
	return &socket{f.t, conn}, resp
}

// streamID is the request id of streams, by which the log tells them from
// other requests.
const streamID = "stream"

// smallClient is a client whose connections hold little of what it does not
// read.
func smallClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(smallBuffer)
		}
		return c, err
	}}}
}

func (s *socket) send(text string) {
	s.t.Helper()
	s.write(websocket.MessageText, text)
}

func (s *socket) write(kind websocket.MessageType, text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if err := s.conn.Write(ctx, kind, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

// init says that the client is ready.
func (s *socket) init() {
	s.t.Helper()
	s.send(`{"type": "connection_init", "payload": {}}`)
	s.expect(`{"type": "connection_ack"}`)
}

func (s *socket) subscribe(id, document string, v vars) {
	s.t.Helper()
	s.send(fmt.Sprintf(`{"type": "subscribe", "id": %q, "payload": %s}`, id, request(s.t, document, v)))
}

// frame reads a message as it is, and answers pings.
func (s *socket) frame() (string, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for {
		_, data, err := s.conn.Read(ctx)
		if err != nil || string(data) != `{"type":"ping"}` {
			return string(data), err
		}
		s.send(`{"type": "pong"}`)
	}
}

// expect reads a message, which must be this JSON.
func (s *socket) expect(want string) {
	s.t.Helper()
	got, err := s.frame()
	if err != nil {
		s.t.Fatalf("%v, want %s", err, want)
	}
	answer{body: got}.is(s.t, want)
}

// closed reads until the connection ends, and returns why.
func (s *socket) closed() websocket.CloseError {
	s.t.Helper()
	for {
		got, err := s.frame()
		if err == nil {
			s.t.Logf("before the end: %.300s", got)
			continue
		}
		e, _ := errors.AsType[websocket.CloseError](err)
		return e
	}
}

// receive implements subscriber for the operation 1.
func (s *socket) receive() message {
	s.t.Helper()
	text, err := s.frame()
	if err != nil {
		e, _ := errors.AsType[websocket.CloseError](err)
		return message{"closed", int(e.Code)}
	}
	var f struct {
		Type    string
		ID      string
		Payload json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &f); err != nil || f.ID != "1" {
		s.t.Fatalf("%v: %s", err, text)
	}
	return messageOf(s.t, f.Type, string(f.Payload))
}

func (s *socket) awaitKeepAlives(n int) {
	s.t.Helper()
	for range n {
		if _, data, err := s.conn.Read(s.t.Context()); err != nil || string(data) != `{"type":"ping"}` {
			s.t.Fatalf("%s %v, want a ping", data, err)
		}
		s.send(`{"type": "pong"}`)
	}
}

func (s *socket) leave() { s.conn.CloseNow() }

// messageOf reads what both transports send. Events have no kind of their own
// for errors.
func messageOf(t *testing.T, kind, payload string) message {
	t.Helper()
	if kind == "complete" {
		if payload != "" {
			t.Errorf("complete has %s", payload)
		}
		return message{kind: kind}
	}
	v := parse(t, payload)
	object, _ := v.(map[string]any)
	_, hasData := object["data"]
	switch {
	case kind == "error":
		return message{kind, v}
	case kind == "next" && !hasData:
		return message{"error", object["errors"]}
	case kind == "next" && object["errors"] == nil:
		return message{kind, object["data"]}
	}
	return message{kind, v}
}

// events is a client's side of a stream of server-sent events.
type events struct {
	t      *testing.T
	resp   *http.Response
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

// listen sends a request by POST whose answer is a stream.
func (f *fixture) listen(body string) *events {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", jsonType)
	return f.open(r, cancel)
}

func (f *fixture) open(r *http.Request, cancel context.CancelFunc) *events {
	f.t.Helper()
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("X-Request-Id", streamID)
	resp, err := smallClient().Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	e := &events{f.t, resp, bufio.NewScanner(resp.Body), cancel}
	f.t.Cleanup(e.leave)
	h := resp.Header
	if resp.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" || h.Get("X-Accel-Buffering") != "no" {
		b, _ := io.ReadAll(resp.Body)
		f.t.Fatalf("%s %v %s", resp.Status, h, b)
	}
	return e
}

// receive implements subscriber.
func (e *events) receive() message {
	e.t.Helper()
	var event, data string
	for e.lines.Scan() {
		name, value, _ := strings.Cut(e.lines.Text(), ":")
		switch value = strings.TrimPrefix(value, " "); name {
		case "event":
			event = value
		case "data":
			data = value
		case "":
			if event != "" {
				return messageOf(e.t, event, data)
			}
		}
	}
	if err := e.lines.Err(); err != nil {
		return message{"closed", err.Error()}
	}
	return message{"closed", "EOF"}
}

func (e *events) awaitKeepAlives(n int) {
	e.t.Helper()
	for range 2 * n { // each is a comment and an empty line
		if !e.lines.Scan() || strings.Trim(e.lines.Text(), ":") != "" {
			e.t.Fatalf("%q %v, want a comment", e.lines.Text(), e.lines.Err())
		}
	}
}

func (e *events) leave() {
	e.cancel()
	e.resp.Body.Close()
}

// nextChange receives a change.
func nextChange(t *testing.T, s subscriber) map[string]any {
	t.Helper()
	m := s.receive()
	data, _ := m.payload.(map[string]any)
	c, ok := data["userChanges"].(map[string]any)
	if m.kind != "next" || !ok {
		t.Fatalf("got %v, want a change", m)
	}
	return c
}

// changeLines receives changes, and returns what line makes of them.
func changeLines(t *testing.T, s subscriber, n int) (list []string) {
	t.Helper()
	for range n {
		list = append(list, line(t, nextChange(t, s)))
	}
	return list
}

// refusal receives errors, and returns the first one's code.
func refusal(t *testing.T, s subscriber) string {
	t.Helper()
	m := s.receive()
	if m.kind != "error" {
		t.Fatalf("got %v, want errors", m)
	}
	first := m.payload.([]any)[0].(map[string]any)
	extensions, _ := first["extensions"].(map[string]any)
	if extensions["requestId"] == nil {
		t.Errorf("no request id in %v", m)
	}
	code, _ := extensions["code"].(string)
	return code
}

// ended fails the test unless nothing comes but the end.
func ended(t *testing.T, s subscriber) {
	t.Helper()
	if _, overSocket := s.(*socket); overSocket {
		return // error is the end of it
	}
	if m := s.receive(); m.kind != "complete" {
		t.Errorf("got %v, want complete", m)
	}
	if m := s.receive(); m != (message{"closed", "EOF"}) {
		t.Errorf("got %v, want the end", m)
	}
}
