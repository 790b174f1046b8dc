// Package scratch lends memory in which bodies are read and made, which would
// otherwise be most of the garbage there is.
package scratch

import "sync"

// What is kept, in bytes: neither scraps nor what few answers fill.
const least, most = 512, 64 << 10

var kept = sync.Pool{New: func() any { return new(make([]byte, 0, least)) }}

// Get returns memory to append to, of length 0.
func Get() []byte { return *kept.Get().(*[]byte) }

// Put takes memory back that nobody reads or writes any more. It need not be
// from [Get].
func Put(b []byte) {
	if least <= cap(b) && cap(b) <= most {
		b = b[:0]
		kept.Put(&b)
	}
}
