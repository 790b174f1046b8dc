package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// tcpProxy stands between userd and PostgreSQL and does to their connections
// what networks do.
type tcpProxy struct {
	listener net.Listener
	server   string // where PostgreSQL is

	mu    sync.Mutex
	mode  proxyMode           // guarded by mu
	conns map[*proxyConn]bool // guarded by mu
	cuts  int                 // guarded by mu; how many answers have been cut off
}

// proxyMode is what a proxy does.
type proxyMode struct {
	refuse bool // connections end as soon as they are made
	// cutBefore, if not empty, is what an answer is cut off before, and the
	// connection with it.
	cutBefore []byte
	delay     time.Duration // how long each packet takes
	chunk     int           // the most bytes of a packet; 0 means any
}

// committed is how PostgreSQL's answer to a COMMIT begins: a command tag.
var committed = []byte("C\x00\x00\x00\x0bCOMMIT\x00")

// proxyConn is a connection of a client and that which the proxy has made for it.
type proxyConn struct{ client, server net.Conn }

func (c *proxyConn) close() {
	c.client.Close()
	c.server.Close()
}

func startTCPProxy(t testing.TB, port int) *tcpProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tcpProxy{listener: l, server: fmt.Sprintf("127.0.0.1:%d", port), conns: make(map[*proxyConn]bool)}
	var serving sync.WaitGroup
	serving.Go(func() { p.serve(&serving) })
	t.Cleanup(func() {
		l.Close()
		p.cut()
		serving.Wait()
	})
	return p
}

// url is the database's URL by way of the proxy.
func (p *tcpProxy) url() string {
	return fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", p.listener.Addr())
}

// set changes what the proxy does from now on, on all connections.
func (p *tcpProxy) set(mode proxyMode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = mode
}

func (p *tcpProxy) now() proxyMode {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode
}

// cut closes all connections.
func (p *tcpProxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.close()
	}
}

// answersCut is how many answers have been cut off.
func (p *tcpProxy) answersCut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

func (p *tcpProxy) serve(serving *sync.WaitGroup) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil || p.now().refuse {
			client.Close()
			if err == nil {
				server.Close()
			}
			continue
		}
		c := &proxyConn{client, server}
		p.mu.Lock()
		p.conns[c] = true
		p.mu.Unlock()
		serving.Go(func() { p.copy(c, server, client, func([]byte) int { return -1 }) })
		serving.Go(func() { p.copy(c, client, server, p.findCut) })
	}
}

// findCut is where an answer is to be cut off, or -1.
func (p *tcpProxy) findCut(answer []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.mode.cutBefore) == 0 {
		return -1
	}
	at := bytes.Index(answer, p.mode.cutBefore)
	if at >= 0 {
		p.cuts++
	}
	return at
}

// copy passes on what comes from one side, until either closes.
func (p *tcpProxy) copy(c *proxyConn, to io.Writer, from io.Reader, findCut func([]byte) int) {
	defer func() {
		c.close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, c)
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		part := buffer[:n]
		at := findCut(part)
		if at >= 0 {
			part = part[:at]
		}
		if !p.pass(to, part) || err != nil || at >= 0 {
			return
		}
	}
}

// pass sends on a packet as slowly as it should be.
func (p *tcpProxy) pass(to io.Writer, part []byte) bool {
	for len(part) > 0 {
		mode := p.now()
		n := len(part)
		if mode.chunk > 0 {
			n = min(n, mode.chunk)
		}
		if mode.delay > 0 {
			<-time.After(mode.delay)
		}
		if _, err := to.Write(part[:n]); err != nil {
			return false
		}
		part = part[n:]
	}
	return true
}
