package graph

import (
	"cmp"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// socket is one WebSocket. One goroutine reads messages, each operation runs in
// one of its own and writes its answers itself: an answer that the client does
// not take holds up the operation, so that nothing piles up. There can be many
// thousands that wait, so that what each of them holds counts.
type socket struct {
	*socketTransport
	conn    *websocket.Conn
	beneath net.Conn // which conn sends and receives over
	// authorization is that of the request that became the WebSocket, until it
	// is not needed any more.
	authorization string
	// initialised is whether connection_init has come, and actor who sent it. The
	// goroutine that reads sets them, holding mu.
	initialised bool
	actor       service.Actor
	heard       atomic.Bool // whether the client has sent anything of late
	writing     sync.Mutex  // held while a message is sent

	running sync.WaitGroup // operations
	mu      sync.Mutex
	open    map[string]*operation // guarded by mu; those that the client awaits answers of
	active  int                   // guarded by mu; how many operations run, awaited or not
	leaving bool                  // guarded by mu; no operation begins any more
	pinging *time.Timer           // guarded by mu; nil when the connection is closed
}

func newSocket(t *socketTransport, conn *websocket.Conn, beneath net.Conn, authorization string) *socket {
	return &socket{socketTransport: t, conn: conn, beneath: beneath, authorization: authorization, open: make(map[string]*operation)}
}

// serve returns when the connection is closed and all operations have ended.
func (s *socket) serve(ctx context.Context) {
	if s.conn.Subprotocol() != subprotocol {
		s.close(badSubprotocol)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	stay := context.AfterFunc(s.drain, s.leave)
	stopPinging := s.startPinging(ctx)
	defer func() {
		_ = s.conn.CloseNow() // what is being written now is not awaited
		cancel()
		stay()
		stopPinging()
		s.running.Wait()
	}()
	s.read(ctx)
}

// read handles messages until the connection is closed. The time-out is not a
// deadline of reading, which would close the connection without a reason.
func (s *socket) read(ctx context.Context) {
	late := time.AfterFunc(s.streams.InitTimeout, func() { s.close(initTimeout) })
	defer late.Stop()
	for {
		kind, data, err := s.conn.Read(context.Background()) // until the connection is closed
		if err != nil {
			return
		}
		s.heard.Store(true)
		f, reason := parseFrame(kind, data)
		if reason == nil {
			reason = s.handle(ctx, f)
		}
		if reason != nil {
			s.close(reason)
			return
		}
		if s.initialised {
			late.Stop()
		}
	}
}

// handle does what a message asks for, or says why the connection must be
// closed.
func (s *socket) handle(ctx context.Context, f frame) *closing {
	switch f.Type {
	case frameInit:
		return s.init(ctx, f.Payload)
	case framePing:
		s.write(ctx, plainFrame(framePong))
	case frameSubscribe:
		return s.subscribe(ctx, f)
	case frameComplete:
		s.stop(f.ID)
	}
	return nil
}

// init finds out who the client is: by the message's payload, where browsers
// have to say it, or else by the request's headers.
func (s *socket) init(ctx context.Context, payload jsontext.Value) *closing {
	if s.initialised {
		return initTwice
	}
	authorization := cmp.Or(authorizationIn(payload), s.authorization)
	actor, err := s.svc.Authenticate(ctx, authorization)
	if err != nil {
		s.errs.logCause(ctx, err)
		return refusal(err)
	}
	s.mu.Lock()
	s.actor, s.initialised, s.authorization = actor, true, ""
	s.mu.Unlock()
	web.SetActor(ctx, actor.String())
	s.write(ctx, plainFrame(frameAck))
	return nil
}

// subscribe begins an operation.
func (s *socket) subscribe(ctx context.Context, f frame) *closing {
	if !s.initialised {
		return notInitialised
	}
	params, mistake := decodeBody(f.Payload, s.limits.ValueDepth)
	switch {
	case codeOf(mistake) == codeLimitExceeded:
		s.refuse(ctx, f.ID, mistake)
		return nil
	case mistake != nil:
		return badRequest
	}
	op := &operation{id: f.ID}
	op.ctx, op.cancel = context.WithCancel(web.WithCaller(ctx, s.actor))
	switch s.register(op) {
	case registered:
		go s.operate(op, params)
		return nil
	case duplicate:
		op.cancel()
		return idInUse
	case tooMany:
		s.refuse(ctx, f.ID, exceeds("operations", s.limits.Operations, "At most %d operations run at once over one connection."))
	}
	op.cancel()
	return nil
}

// refuse answers an operation that is not begun.
func (s *socket) refuse(ctx context.Context, id string, err *gqlerror.Error) {
	b, _ := answerFrame(id, s.exec.DispatchError(ctx, gqlerror.List{err}))
	s.write(ctx, b)
}

// write sends a message unless ctx has ended, and reports whether it did. When
// the client does not take it in time, the connection is closed. The end of
// ctx does not interrupt it: half a message would be the end as well.
func (s *socket) write(ctx context.Context, message []byte) bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	if ctx.Err() != nil {
		return false
	}
	late := time.AfterFunc(s.streams.SendTimeout, func() { _ = s.conn.CloseNow() })
	defer late.Stop()
	return s.conn.Write(context.Background(), websocket.MessageText, message) == nil
}

// leave closes the connection once the queries and mutations that run are
// answered; subscriptions are ended by the performer.
func (s *socket) leave() {
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	s.running.Wait()
	s.close(goingAway)
}

// closeTimeout is how long a client may take to agree that the connection ends.
const closeTimeout = 3 * time.Second

// close closes the connection, and gives the client some time to agree. A
// message that it begins meanwhile, and need not end, is no more time.
func (s *socket) close(c *closing) {
	_ = s.beneath.SetDeadline(time.Now().Add(min(s.streams.SendTimeout, closeTimeout)))
	_ = s.conn.Close(c.code, c.reason)
}
