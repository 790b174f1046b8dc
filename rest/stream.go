package rest

import (
	"cmp"
	"context"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// Timing of streams.
const (
	// keepAlive is how long a stream is silent at most, so that proxies keep it
	// open and a client that has gone is noticed.
	keepAlive = 15 * time.Second
	// eventTimeout is how long a client may take to accept what is sent to it.
	eventTimeout = 10 * time.Second
)

const typeEvents = "text/event-stream"

// acceptsEvents tells whether a client asks for a stream of events, which
// browsers and other clients of such streams name and nobody else does.
func acceptsEvents(h http.Header) bool {
	for _, accept := range h.Values("Accept") {
		for part := range strings.SplitSeq(accept, ",") {
			if mediaType, _, _ := mime.ParseMediaType(part); mediaType == typeEvents {
				return true
			}
		}
	}
	return false
}

// streamChanges sends changes as server-sent events (HTML, section 9.2) until
// the client goes or the server shuts down. Each event's id is the cursor to
// resume by: a client that reconnects sends it as Last-Event-ID.
func (a *api) streamChanges(w http.ResponseWriter, r *http.Request) error {
	q := parseChangesQuery(r.URL.RawQuery)
	if q.input.First != nil {
		q.wrong.invalid(paramLimit, "A stream has no limit.")
	}
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		q.input.After = &last
	}
	feed, err := a.svc.FollowChanges(r.Context(), q.input)
	if err := q.wrong.with(renamed(err, changesNames)); err != nil {
		return outsideBody(err)
	}
	ctx, stop := a.untilDrain(r.Context())
	defer stop()
	h := w.Header()
	h.Set("Content-Type", typeEvents)
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	h.Set("X-Accel-Buffering", "no") // nginx would hold the events back
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil // a stream without a body would have no end
	}
	events := &eventWriter{w: w, control: http.NewResponseController(w)}
	if err := a.follow(ctx, feed, events); err != nil && ctx.Err() == nil {
		p := newProblem(err)
		p.RequestID = web.RequestID(r.Context())
		a.causes.Log(ctx, p.Code, err)
		events.fail(p)
	}
	return nil
}

// follow writes what feed brings until ctx ends, the client goes or is served no
// more, or feed fails.
func (a *api) follow(ctx context.Context, feed *service.ChangeFeed, events *eventWriter) error {
	sent := events.keepAlive(feed.Cursor())
	for sent == nil { // otherwise the client has gone
		items, err := next(ctx, feed)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			if err := a.svc.StillServed(ctx); err != nil {
				return err
			}
			sent = events.keepAlive(feed.Cursor()) // nothing has happened for a while
		case err != nil:
			return err
		default:
			sent = events.changes(items)
		}
	}
	return nil
}

// next is feed.Next for no longer than a stream is silent.
func next(ctx context.Context, feed *service.ChangeFeed) ([]service.ChangeItem, error) {
	ctx, cancel := context.WithTimeout(ctx, keepAlive)
	defer cancel()
	return feed.Next(ctx)
}

// untilDrain is ctx until the server shuts down.
func (a *api) untilDrain(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(a.Drain, cancel)
	return ctx, func() { stop(); cancel() }
}

// eventWriter writes server-sent events.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     []byte
}

// keepAlive tells the client where it stands: an id without data is no event,
// but what it resumes by.
func (e *eventWriter) keepAlive(cursor string) error {
	e.buf = append(append(append(e.buf[:0], "id: "...), cursor...), "\n\n"...)
	return e.flush()
}

// changes writes an event for each change.
func (e *eventWriter) changes(items []service.ChangeItem) error {
	e.buf = e.buf[:0]
	for _, item := range items {
		e.buf = append(e.buf, "id: "...)
		e.buf = append(e.buf, item.Cursor...)
		e.buf = append(e.buf, "\nevent: change\ndata: "...)
		e.buf = appendChange(e.buf, item)
		e.buf = append(e.buf, "\n\n"...)
	}
	return e.flush()
}

// fail writes p as the last event.
func (e *eventWriter) fail(p problem) {
	e.buf = append(append(append(e.buf[:0], "event: problem\ndata: "...), p.json()...), "\n\n"...)
	_ = e.flush() // the stream ends one way or the other
}

// flush sends what was written, within eventTimeout.
func (e *eventWriter) flush() error {
	err := e.control.SetWriteDeadline(time.Now().Add(eventTimeout))
	_, writeErr := e.w.Write(e.buf)
	return cmp.Or(err, writeErr, e.control.Flush())
}
