package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// operation is one that has been begun over a WebSocket.
type operation struct {
	id     string
	ctx    context.Context // ends when the client ends the operation
	cancel context.CancelFunc
}

// What becomes of a wish to begin an operation.
const (
	registered = iota
	tooLate    // the connection is about to be closed; the client will repeat it elsewhere
	duplicate
	tooMany
)

// register notes op as running, if it may run.
func (s *socket) register(op *operation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.leaving:
		return tooLate
	case s.open[op.id] != nil:
		return duplicate
	case s.active >= s.limits.Operations:
		return tooMany
	}
	s.open[op.id] = op
	s.active++
	s.running.Add(1)
	return registered
}

// operate runs op. If the client or the server has ended it, it ends without a
// word.
func (s *socket) operate(op *operation, params *graphql.RawParams) {
	prepared, mistake := s.prepare(op.ctx, params)
	if mistake != nil {
		s.answer(op, mistake)
		s.finish(op)
		return
	}
	p := &performance{performer: s.performer, op: prepared, ctx: op.ctx, cancel: op.cancel}
	p.send = func(answer *graphql.Response) bool { return s.answer(op, answer) }
	p.done = func(ok bool) {
		if ok {
			s.complete(op)
		}
		s.finish(op)
	}
	p.perform()
}

// answer sends an answer of op. The client may use the id of op again as soon
// as it has the last one.
func (s *socket) answer(op *operation, answer *graphql.Response) bool {
	message, last := answerFrame(op.id, answer)
	if last {
		s.release(op)
	}
	return s.write(op.ctx, message)
}

// complete says that op has been answered, unless the last answer said so.
func (s *socket) complete(op *operation) {
	if s.release(op) {
		s.write(op.ctx, operationFrame(frameComplete, op.id, nil))
	}
}

// stop ends the operation with this id, if there is one: the client wants no
// more of it, and may use the id again.
func (s *socket) stop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op := s.open[id]; op != nil {
		op.cancel()
		delete(s.open, id)
	}
}

// release lets go of op's id, and reports whether op still had it.
func (s *socket) release(op *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[op.id] != op {
		return false
	}
	delete(s.open, op.id)
	return true
}

// finish makes room for another operation. It comes after the last message
// about op: what waits for a slow client counts.
func (s *socket) finish(op *operation) {
	defer s.running.Done()
	op.cancel()
	s.release(op)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
}
