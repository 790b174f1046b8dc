package postgres

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
	"testing"
)

// proxy stands between a store and its database and can cut them off from each
// other at a chosen moment.
type proxy struct {
	listener net.Listener
	server   string

	mu    sync.Mutex
	down  bool              // guarded by mu; takes no connections
	cut   cut               // guarded by mu; what to do next, once
	conns map[net.Conn]bool // guarded by mu
}

// cut says when to cut a connection: when something is sent to the server,
// before it gets there, or after it has got there and before it is answered.
type cut struct {
	at       string
	answered bool // the server gets it
	stayDown bool
}

var hostPort = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// behindProxy returns a proxy and the URL that leads through it. Statements
// are sent as text, so that the proxy can tell them.
func behindProxy(t *testing.T, url string) (*proxy, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, server: hostPort.FindString(url), conns: make(map[net.Conn]bool)}
	t.Cleanup(func() { l.Close(); p.setDown(true) })
	go p.serve()
	return p, hostPort.ReplaceAllString(url, l.Addr().String()) + "&default_query_exec_mode=cache_describe"
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.relay(client)
	}
}

func (p *proxy) relay(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil || !p.add(client, server) {
		return
	}
	defer server.Close()
	go func() {
		defer client.Close()
		_, _ = io.Copy(client, server) // ends with either side
	}()
	buf := make([]byte, 1<<20)
	for {
		n, err := client.Read(buf)
		if err != nil || !p.forward(server, client, buf[:n]) {
			return
		}
	}
}

// add notes a connection, if any are taken.
func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
	}
	return !p.down
}

// forward passes on what the client has sent, unless this is where to cut.
func (p *proxy) forward(server, client net.Conn, sent []byte) bool {
	p.mu.Lock()
	c := p.cut
	here := c.at != "" && bytes.Contains(sent, []byte(c.at))
	if here {
		p.cut, p.down = cut{}, c.stayDown
	}
	p.mu.Unlock()
	if here && !c.answered {
		return false
	}
	if here {
		client.Close() // the answer goes nowhere
	}
	_, err := server.Write(sent)
	if here { // let the server finish what it got: it closes after Terminate
		_, _ = server.Write([]byte{'X', 0, 0, 0, 4})
		_, _ = io.Copy(io.Discard, server)
	}
	return err == nil && !here
}

func (p *proxy) cutAt(c cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = c
}

// setDown ends all connections and takes no new ones, or takes them again.
func (p *proxy) setDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	if down {
		for c := range p.conns {
			c.Close()
		}
		clear(p.conns)
	}
}

func (c cut) String() string {
	return fmt.Sprintf("at %q, reaching the server: %t, staying down: %t", c.at, c.answered, c.stayDown)
}
