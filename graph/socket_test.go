package graph_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
)

func TestSocketSpeaksTheProtocol(t *testing.T) {
	noLeaks(t)
	f := newFixture(t)
	s := f.dial(nil)
	s.send(`{"type": "ping", "payload": {"secret": "hunter22"}}`) // at any time
	s.expect(`{"type": "pong"}`)
	s.send(`{"type": "connection_init"}`)
	s.expect(`{"type": "connection_ack"}`)
	s.send(`{"type": "ping", "unknown": 1}`)
	s.expect(`{"type": "pong"}`)
	s.send(`{"type": "pong", "payload": null}`)

	s.subscribe("q", `{ __typename }`, nil)
	s.expect(`{"type": "next", "id": "q", "payload": {"data": {"__typename": "Query"}}}`)
	s.expect(`{"type": "complete", "id": "q"}`)

	s.subscribe("\u00e9\"\\", `subscription ($after: String) { userChanges(after: $after) { kind } }`, vars{"after": f.end()})
	f.create(ada())
	s.expect(`{"type": "next", "id": "é\"\\", "payload": {"data": {"userChanges": {"kind": "CREATED"}}}}`)
	s.send(`{"type": "complete", "id": "é\"\\"}`)
	s.send(`{"type": "complete", "id": "unknown"}`) // may have crossed with the server's own
	s.send(`{"type": "ping"}`)
	s.expect(`{"type": "pong"}`) // by now the server has read them
	f.remove(1)
	// The id is free again, and nothing comes of the one that used it.
	s.subscribe("\u00e9\"\\", `{ __typename }`, nil)
	s.expect(`{"type": "next", "id": "é\"\\", "payload": {"data": {"__typename": "Query"}}}`)
	s.expect(`{"type": "complete", "id": "é\"\\"}`)

	if err := s.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	f.awaitLog(`"route":"/graphql","status":101`)
}

// awaitLog waits until the server has logged text.
func (f *fixture) awaitLog(text string) {
	f.t.Helper()
	f.log.await(f.t, text)
}

func TestSocketsRunManyOperations(t *testing.T) {
	noLeaks(t)
	f := newFixture(t)
	s := f.dial(nil)
	s.init()
	for i := range 50 {
		s.subscribe(fmt.Sprint(i), `subscription ($after: String) { userChanges(after: $after) { kind } }`, vars{"after": f.end()})
	}
	f.create(ada())
	seen := make(map[string]bool)
	for range 50 {
		m, err := s.frame()
		if err != nil || !strings.Contains(m, "CREATED") {
			t.Fatalf("%s %v", m, err)
		}
		seen[m] = true
	}
	if len(seen) != 50 {
		t.Errorf("%d of 50 operations have been answered", len(seen))
	}
}

// TestSocketCloses is the table of mistakes after which a connection is
// closed. The reason holds nothing of what was sent.
func TestSocketCloses(t *testing.T) {
	noLeaks(t)
	f := newFixture(t)
	const init = `{"type": "connection_init"}`
	const endless = `{"type": "subscribe", "id": "1", "payload": {"query": "subscription { userChanges { kind } }"}}`
	for name, c := range map[string]struct {
		code websocket.StatusCode
		sent []string
	}{
		"no JSON":                  {4400, []string{`secret`}},
		"half of it":               {4400, []string{`{"type": "secret`}},
		"nothing":                  {4400, []string{``}},
		"an array":                 {4400, []string{`["secret"]`}},
		"a name twice":             {4400, []string{`{"type": "connection_init", "type": "secret"}`}},
		"no type":                  {4400, []string{`{"secret": 1}`}},
		"a type that is no string": {4400, []string{`{"type": 1}`}},
		"an unknown type":          {4400, []string{`{"type": "secret"}`}},
		"a type of servers":        {4400, []string{init, `{"type": "next", "id": "secret"}`}},
		"a type of the old way":    {4400, []string{init, `{"type": "start", "id": "1", "payload": {"query": "{ __typename }"}}`}},
		"init with a text":         {4400, []string{`{"type": "connection_init", "payload": "secret"}`}},
		"ping with a list":         {4400, []string{`{"type": "ping", "payload": ["secret"]}`}},
		"no id":                    {4400, []string{init, `{"type": "subscribe", "payload": {"query": "{ __typename }"}}`}},
		"an empty id":              {4400, []string{init, `{"type": "complete", "id": ""}`}},
		"an id that is no string":  {4400, []string{init, `{"type": "complete", "id": 5}`}},
		"too long an id":           {4400, []string{init, `{"type": "complete", "id": "` + strings.Repeat("secret", 22) + `"}`}},
		"no payload":               {4400, []string{init, `{"type": "subscribe", "id": "1"}`}},
		"a text as payload":        {4400, []string{init, `{"type": "subscribe", "id": "1", "payload": "secret"}`}},
		"a query that is none":     {4400, []string{init, `{"type": "subscribe", "id": "1", "payload": {"query": ["secret"]}}`}},
		"an operation too early":   {4401, []string{`{"type": "subscribe", "id": "secret", "payload": {"query": "{ __typename }"}}`}},
		"an id in use":             {4409, []string{init, endless, endless}},
		"init twice":               {4429, []string{init, init}},
	} {
		s := f.dial(nil)
		for _, text := range c.sent {
			s.send(text)
		}
		if got := s.closed(); got.Code != c.code || got.Reason == "" || strings.Contains(got.Reason, "secret") {
			t.Errorf("%s: %v, want %d", name, got, c.code)
		}
	}
	s := f.dial(nil)
	s.write(websocket.MessageBinary, init)
	if got := s.closed(); got.Code != 4400 {
		t.Errorf("a binary message: %v", got)
	}
	s = f.dial(nil)
	s.write(websocket.MessageText, "{\"type\": \"\xff\"}")
	if got := s.closed(); got.Code != 4400 {
		t.Errorf("invalid UTF-8: %v", got)
	}
}

func TestSocketBoundsMessages(t *testing.T) {
	noLeaks(t)
	f := newFixture(t, setup{config: graph.Config{Limits: graph.Limits{BodyBytes: 1000}}})
	s := f.dial(nil)
	s.init()
	s.send(`{"type": "ping", "x": "` + strings.Repeat("x", 1000-len(`{"type": "ping", "x": ""}`)) + `"}`)
	s.expect(`{"type": "pong"}`)
	s.send(`{"type": "ping", "x": "` + strings.Repeat("x", 1001-len(`{"type": "ping", "x": ""}`)) + `"}`)
	if got := s.closed(); got.Code != websocket.StatusMessageTooBig {
		t.Errorf("%v", got)
	}
}

func TestSocketSubprotocols(t *testing.T) {
	noLeaks(t)
	f := newFixture(t)
	for _, offered := range [][]string{nil, {"graphql-ws"}, {"secret"}} {
		s, resp := f.tryDial(nil, offered...)
		if s == nil {
			t.Fatalf("%v", resp)
		}
		if got := s.closed(); got.Code != 4406 || strings.Contains(got.Reason, "secret") {
			t.Errorf("%v: %v", offered, got)
		}
	}
	if s, _ := f.tryDial(nil, "graphql-ws", "graphql-transport-ws"); s == nil || s.conn.Subprotocol() != "graphql-transport-ws" {
		t.Errorf("of two subprotocols ours is not chosen")
	}
}

func TestSocketOrigins(t *testing.T) {
	noLeaks(t)
	f := newFixture(t, setup{config: graph.Config{AllowedOrigins: []string{"https://app.example.com"}}})
	host := strings.TrimPrefix(f.server.URL, "http://")
	for _, c := range []struct {
		origins []string
		ok      bool
	}{
		{nil, true},
		{[]string{"http://" + host}, true},
		{[]string{"https://" + strings.ToUpper(host)}, true}, // TLS may end before us
		{[]string{"https://app.example.com"}, true},
		{[]string{"http://app.example.com"}, false},
		{[]string{"https://app.example.com.evil.example"}, false},
		{[]string{"https://evil.example/secret"}, false},
		{[]string{"http://127.0.0.1"}, false},
		{[]string{"null"}, false},
		{[]string{""}, false},
		{[]string{"http://%zz"}, false},
		{[]string{"http://" + host, "https://evil.example"}, false},
	} {
		s, resp := f.tryDial(http.Header{"Origin": c.origins}, "graphql-transport-ws")
		if (s != nil) != c.ok {
			t.Errorf("%q: connected: %v", c.origins, s != nil)
		}
		if s != nil {
			s.init()
			s.conn.CloseNow()
			continue
		}
		if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 403 || !strings.Contains(string(b), `"code":"ORIGIN_NOT_ALLOWED"`) || strings.Contains(string(b), "evil") {
			t.Errorf("%q: %s %s", c.origins, resp.Status, b)
		}
	}
}

func TestRequestsThatCannotBecomeSockets(t *testing.T) {
	f := newFixture(t)
	upgrade := func(changes http.Header) http.Header {
		h := http.Header{"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
		for k, v := range changes {
			h[k] = v
		}
		return h
	}
	for name, h := range map[string]http.Header{
		"another version": upgrade(http.Header{"Sec-Websocket-Version": {"secret"}}),
		"no key":          upgrade(http.Header{"Sec-Websocket-Key": nil}),
		"a bad key":       upgrade(http.Header{"Sec-Websocket-Key": {"secret"}}),
	} {
		a := f.send(http.MethodGet, "", h)
		if a.status != 400 || a.code(t) != "UPGRADE_FAILED" || strings.Contains(a.body, "secret") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	// Other protocols, methods and halves of a handshake are plain requests.
	for name, h := range map[string]http.Header{"another protocol": upgrade(http.Header{"Upgrade": {"h2c"}}), "no upgrade": upgrade(http.Header{"Connection": {"keep-alive"}})} {
		if a := f.sendTo(f.url+"?query={__typename}", http.MethodGet, "", h); a.status != 200 || a.code(t) != "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestSocketInitTimeout(t *testing.T) {
	noLeaks(t)
	f := newFixture(t, setup{config: graph.Config{Streams: graph.Streams{InitTimeout: 30 * time.Millisecond}}})
	late := f.dial(nil)
	late.send(`{"type": "ping"}`) // says nothing about being ready
	if got := late.closed(); got.Code != 4408 {
		t.Errorf("%v", got)
	}
	ready := f.dial(nil)
	ready.init()
	late = f.dial(nil)
	if got := late.closed(); got.Code != 4408 { // the time has passed for the ready one as well
		t.Errorf("%v", got)
	}
	ready.subscribe("1", "{ __typename }", nil)
	if m := ready.receive(); m.kind != "next" {
		t.Errorf("%v", m)
	}
}

func TestSocketBoundsOperations(t *testing.T) {
	noLeaks(t)
	f := newFixture(t, setup{config: graph.Config{Limits: graph.Limits{Operations: 2}}})
	s := f.dial(nil)
	s.init()
	after := f.end()
	s.subscribe("a", follow, vars{"after": after})
	s.subscribe("b", follow, vars{"after": after})
	s.subscribe("1", follow, vars{"after": after})
	if code := refusal(t, s); code != "LIMIT_EXCEEDED" {
		t.Error(code)
	}
	f.create(ada()) // the two go on
	for range 2 {
		if m, err := s.frame(); err != nil || !strings.Contains(m, "CREATED") {
			t.Errorf("%s %v", m, err)
		}
	}
	s.send(`{"type": "complete", "id": "a"}`)
	for range 1000 { // until the operation has ended
		s.subscribe("1", "{ __typename }", nil)
		m := s.receive()
		if m.kind == "next" {
			return
		}
	}
	t.Error("there is no room again")
}

// TestSocketDropsClientsThatAreGone: one that does not answer is not kept.
func TestSocketDropsClientsThatAreGone(t *testing.T) {
	noLeaks(t)
	f := newFixture(t, setup{config: graph.Config{Streams: graph.Streams{KeepAlive: 200 * time.Millisecond}}})
	alive := f.dial(nil)
	alive.init()
	gone := f.handshake("")
	alive.awaitKeepAlives(6)
	if _, err := io.Copy(io.Discard, gone); err != nil { // ends when the server has had enough
		t.Error(err)
	}
}

// TestSocketThatIsClosedDoesNotWaitForAMessage: what a client has begun to send
// when it is told that the connection ends does not keep it open.
func TestSocketThatIsClosedDoesNotWaitForAMessage(t *testing.T) {
	endless := "\x82\xff\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00x" // the first byte of 1 TiB
	for name, sent := range map[string]string{"bad request": masked(`{}`) + endless, "no connection_init": endless} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			f := newFixture(t, setup{config: graph.Config{Streams: graph.Streams{InitTimeout: 50 * time.Millisecond, SendTimeout: 50 * time.Millisecond}}})
			if _, err := io.Copy(io.Discard, f.handshake(sent)); err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Error(err)
			}
		})
	}
}

// handshake opens a WebSocket on a bare connection, and sends more with it.
func (f *fixture) handshake(more string) net.Conn {
	f.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.server.URL, "http://"))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	_, err = io.WriteString(conn, "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"+more)
	if err != nil {
		f.t.Fatal(err)
	}
	return conn
}

// TestDrainFinishesMutations: a change that has begun is answered before the
// connection is closed, and no other one begins.
func TestDrainFinishesMutations(t *testing.T) {
	noLeaks(t)
	drain, startDraining := context.WithCancel(t.Context())
	defer startDraining()
	begun, goOn := make(chan struct{}), make(chan struct{})
	f := newFixture(t, setup{config: graph.Config{Drain: drain}, store: func(s service.Store) service.Store {
		fault := func() error { begun <- struct{}{}; <-goOn; return nil }
		store := &faultyStore{Store: s}
		store.fault.Store(&fault)
		return store
	}})
	s := f.dial(nil)
	s.init()
	s.subscribe("s", follow, vars{"userId": id(9)})
	s.subscribe("1", createUser, vars{"input": ada()})
	<-begun
	startDraining()
	close(goOn)
	if m := s.receive(); m.kind != "next" || !strings.Contains(fmt.Sprint(m.payload), "email:Ada@example.com") {
		t.Errorf("got %v, want the answer", m)
	}
	if m := s.receive(); m.kind != "complete" {
		t.Errorf("got %v, want complete", m)
	}
	if got := s.closed(); got.Code != websocket.StatusGoingAway {
		t.Errorf("%v", got)
	}
	late := f.dial(nil) // whoever comes now is sent away as well
	if got := late.closed(); got.Code != websocket.StatusGoingAway {
		t.Errorf("%v", got)
	}
}

// TestSocketTakesWhatComesWithTheHandshake: a client that does not wait for the
// answer to it loses nothing.
func TestSocketTakesWhatComesWithTheHandshake(t *testing.T) {
	noLeaks(t)
	f := newFixture(t)
	conn := f.handshake(masked(`{"type": "connection_init"}`) + masked(`{"type": "ping", "x": "`+strings.Repeat("x", 2000)+`"}`))
	defer conn.Close()
	r := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(r, nil); err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	want := "\x81\x19" + `{"type":"connection_ack"}` + "\x81\x0f" + `{"type":"pong"}`
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Errorf("%q %v, want %q", got, err, want)
	}
}

// masked is a text as a frame of a client (RFC 6455, section 5.2), with the mask
// that changes nothing.
func masked(text string) string {
	if len(text) < 126 {
		return "\x81" + string([]byte{0x80 | byte(len(text))}) + "\x00\x00\x00\x00" + text
	}
	return "\x81\xfe" + string([]byte{byte(len(text) >> 8), byte(len(text))}) + "\x00\x00\x00\x00" + text
}

// TestSocketsThatPanic: only the one that does is closed.
func TestSocketsThatPanic(t *testing.T) {
	noLeaks(t)
	f := newFixture(t, setup{authenticators: []service.Authenticator{func(_ context.Context, token string) (service.Actor, error) {
		if token == "boom" {
			panic("secret")
		}
		return service.KeyActor("admin", []service.Scope{service.ScopeAdmin}), nil
	}}})
	good, bad := f.dial(bearer("admin")), f.dial(bearer("boom"))
	good.init()
	bad.send(`{"type": "connection_init"}`)
	if got := bad.closed(); got.Code != 0 {
		t.Errorf("%v, want the end without a word", got)
	}
	f.awaitLog(`"request panicked","panic":"secret"`)
	f.awaitLog(`"route":"/graphql","status":101`)
	good.subscribe("1", `{ __typename }`, nil)
	if m := good.receive(); m.kind != "next" {
		t.Errorf("%v", m)
	}
}
