package graph

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const typeEvents = "text/event-stream"

// eventTransport is GraphQL over server-sent events in distinct connections
// mode (the protocol of npm's graphql-sse): one request, a stream of answers.
type eventTransport struct {
	performer
	http    httpTransport
	streams Streams
}

var _ graphql.Transport = eventTransport{}

// Supports implements [graphql.Transport]. It takes those requests that would
// take events and no JSON: urql lists both with each query, and events beside
// multipart answers with a subscription.
func (eventTransport) Supports(r *http.Request) bool {
	accept := r.Header.Values("Accept")
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return false
	}
	// Few requests name events, and those that do not are not looked into.
	if !strings.Contains(strings.ToLower(strings.Join(accept, ",")), typeEvents) {
		return false
	}
	events := weigh(typeEvents, accept)
	_, json := negotiate(accept)
	return !json && events.precision == named && events.quality > 0
}

// Do implements [graphql.Transport]. What is no GraphQL request is answered as
// over plain HTTP; mistakes in a request are told by the stream, as the
// protocol demands.
func (t eventTransport) Do(w http.ResponseWriter, r *http.Request, e graphql.GraphExecutor) {
	r, refusal := t.authenticate(w, r)
	if refusal != nil {
		reply{mediaType: typeJSON}.send(w, r, refusal)
		return
	}
	op, mistake, err := t.begin(w, r)
	if err != nil {
		reply{mediaType: typeJSON}.fail(w, r, e, err)
		return
	}
	defer t.errs.abort(r.Context())
	events := newEventWriter(w, t.streams.SendTimeout)
	if mistake != nil {
		_ = events.last(mistake) // the stream ends one way or the other
		return
	}
	t.stream(r.Context(), op, events)
}

// begin reads a request: it is an operation, or has a mistake, or is no
// GraphQL request.
func (t eventTransport) begin(w http.ResponseWriter, r *http.Request) (op *graphql.OperationContext, mistake *graphql.Response, err *gqlerror.Error) {
	params, err := t.http.read(w, r)
	switch {
	case codeOf(err) == codeLimitExceeded:
		return nil, t.exec.DispatchError(r.Context(), gqlerror.List{err}), nil
	case err != nil:
		return nil, nil, err
	}
	if op, mistake = t.prepare(r.Context(), params); mistake == nil {
		err = permitWriting(w, r.Method, op.Operation.Operation)
	}
	return op, mistake, err
}

// stream sends op's answers. It ends without the event complete when the
// server shuts down, which clients take for a lost connection.
func (t eventTransport) stream(ctx context.Context, op *graphql.OperationContext, events *eventWriter) {
	ctx, cancel := context.WithCancel(ctx)
	answers, completed := make(chan []byte), false
	send := func(answer *graphql.Response) bool {
		select {
		case answers <- encode(answer): // here, because the executor uses its buffer again
			return true
		case <-ctx.Done():
			return false
		}
	}
	p := &performance{performer: t.performer, op: op, ctx: ctx, cancel: cancel, send: send}
	p.done = func(ok bool) {
		completed = ok
		close(answers)
	}
	go p.perform()
	var refused error
	gone := events.copy(answers, t.streams.KeepAlive, func() error {
		refused = t.svc.StillServed(ctx)
		return refused
	})
	cancel()
	for range answers { // until the operation is over
	}
	switch {
	case refused != nil:
		_ = events.last(t.exec.DispatchError(ctx, asList(refused)))
	case completed && gone == nil:
		_ = events.complete()
	}
}

// eventWriter writes server-sent events (HTML, section 9.2).
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration // for a client to accept what is sent to it
	buf     []byte
}

// newEventWriter begins a response that is a stream.
func newEventWriter(w http.ResponseWriter, timeout time.Duration) *eventWriter {
	h := w.Header()
	h.Set("Content-Type", typeEvents)
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	h.Set("X-Accel-Buffering", "no") // nginx would hold the events back
	w.WriteHeader(http.StatusOK)
	return &eventWriter{w: w, control: http.NewResponseController(w), timeout: timeout}
}

// copy writes an event for each answer until there are no more or the client
// is gone, and something at least every so often if stay lets it.
func (e *eventWriter) copy(answers <-chan []byte, keepAlive time.Duration, stay func() error) error {
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for err := e.comment(); ; {
		if err != nil {
			return err
		}
		select {
		case answer, more := <-answers:
			if !more {
				return nil
			}
			err = e.next(answer)
		case <-tick.C:
			if err = stay(); err == nil {
				err = e.comment()
			}
		}
	}
}

// last writes an answer after which none comes.
func (e *eventWriter) last(answer *graphql.Response) error {
	return cmp.Or(e.next(encode(answer)), e.complete())
}

// next writes an answer, which is one line that ends.
func (e *eventWriter) next(answer []byte) error {
	return e.send("event: next\ndata: ", string(answer), "\n")
}

// complete says that no answer will follow. Browsers take no notice of events
// without data.
func (e *eventWriter) complete() error { return e.send("event: complete\ndata: \n\n") }

// comment writes something that means nothing.
func (e *eventWriter) comment() error { return e.send(":\n\n") }

// send sends a text now.
func (e *eventWriter) send(parts ...string) error {
	e.buf = e.buf[:0]
	for _, part := range parts {
		e.buf = append(e.buf, part...)
	}
	err := e.control.SetWriteDeadline(time.Now().Add(e.timeout))
	_, writeErr := e.w.Write(e.buf) // #nosec G705 -- events with JSON, and said to be
	return cmp.Or(err, writeErr, e.control.Flush())
}
