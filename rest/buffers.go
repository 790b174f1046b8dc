package rest

import "sync"

// maxKept bounds what is kept of a buffer, in bytes: most lists fit in.
const maxKept = 64 << 10

// buffers are those in which bodies are made, to be used again: lists would
// else be most of what the garbage collector has to do.
type buffers struct{ pool sync.Pool }

// take returns an empty buffer.
func (b *buffers) take() *[]byte {
	if buffer, ok := b.pool.Get().(*[]byte); ok {
		return buffer
	}
	return new([]byte)
}

// give takes a buffer back that nobody reads any more.
func (b *buffers) give(buffer *[]byte) {
	if cap(*buffer) <= maxKept {
		*buffer = (*buffer)[:0]
		b.pool.Put(buffer)
	}
}
