package service

// Optional is an input value that may be absent, null, or given. The three
// differ: absent keeps what is there, null is a wish to clear it.
// The zero value is absent.
type Optional[T any] struct {
	value T
	state presence
}

type presence uint8

const (
	absent presence = iota
	null
	given
)

// Some is a value that was given.
func Some[T any](v T) Optional[T] { return Optional[T]{value: v, state: given} }

// Null is an explicit null.
func Null[T any]() Optional[T] { return Optional[T]{state: null} }

// Get returns the value and whether one was given.
func (o Optional[T]) Get() (T, bool) { return o.value, o.state == given }

// IsAbsent tells whether nothing was said at all.
func (o Optional[T]) IsAbsent() bool { return o.state == absent }

// IsNull tells whether null was given.
func (o Optional[T]) IsNull() bool { return o.state == null }
