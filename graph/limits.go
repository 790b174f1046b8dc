package graph

import (
	"cmp"
	"time"
)

// Limits bound what one request may cost. They are checked before the document
// is validated, because validating a large one is itself expensive. A document
// beyond one of them is refused with the code LIMIT_EXCEEDED and the limit's
// name and value in the error's extensions. Zero means the default, which lets
// everyday clients and the full introspection query through.
type Limits struct {
	// BodyBytes bounds the body of a POST and a message over a WebSocket; zero
	// means 256 KiB.
	BodyBytes int64
	// URLBytes bounds the query string of a GET; zero means 16 KiB.
	URLBytes int
	// DocumentBytes bounds the document; zero means 32 KiB.
	DocumentBytes int
	// Tokens bounds the document's length in tokens; zero means 1000.
	Tokens int
	// Depth bounds how deep fields may nest; zero means 15.
	Depth int
	// Fields bounds how many fields all operations have together once their
	// fragments are spread; zero means 500.
	Fields int
	// RootFields bounds the fields of an operation itself; zero means 20.
	RootFields int
	// Aliases bounds the renamed fields of all operations together once their
	// fragments are spread; zero means 30.
	Aliases int
	// SameKey bounds how many fields with one name in the response a selection
	// may have, as it is written; zero means 10. Fragments that are spread into
	// it do not count: clients compose what they need of parts that repeat each
	// other, and Fields bounds what comes of it.
	SameKey int
	// Directives bounds the directives of the document; zero means 50.
	Directives int
	// Fragments bounds the fragments that the document defines; zero means 30.
	Fragments int
	// ValueDepth bounds how deep lists and objects may nest in arguments and in
	// variables; zero means 10.
	ValueDepth int
	// Operations bounds how many operations may run at once over one WebSocket;
	// zero means 100.
	Operations int
	// CacheBytes bounds, roughly, the memory for documents that have been
	// accepted before; zero means 16 MiB.
	CacheBytes int
}

// WithDefaults returns l with the defaults in the place of zeros.
func (l Limits) WithDefaults() Limits {
	return Limits{
		BodyBytes:     cmp.Or(l.BodyBytes, 256<<10),
		URLBytes:      cmp.Or(l.URLBytes, 16<<10),
		DocumentBytes: cmp.Or(l.DocumentBytes, 32<<10),
		Tokens:        cmp.Or(l.Tokens, 1000),
		Depth:         cmp.Or(l.Depth, 15),
		Fields:        cmp.Or(l.Fields, 500),
		RootFields:    cmp.Or(l.RootFields, 20),
		Aliases:       cmp.Or(l.Aliases, 30),
		SameKey:       cmp.Or(l.SameKey, 10),
		Directives:    cmp.Or(l.Directives, 50),
		Fragments:     cmp.Or(l.Fragments, 30),
		ValueDepth:    cmp.Or(l.ValueDepth, 10),
		Operations:    cmp.Or(l.Operations, 100),
		CacheBytes:    cmp.Or(l.CacheBytes, 16<<20),
	}
}

// Streams has the timing of connections that carry many answers: WebSockets
// and streams of server-sent events. Zero means the default.
type Streams struct {
	// InitTimeout is how long a client may take to say, after it has opened a
	// WebSocket, that it is ready; zero means 5 s.
	InitTimeout time.Duration
	// KeepAlive is how long a connection is silent at most, so that proxies keep
	// it open; zero means 15 s. A WebSocket whose client says nothing for four
	// times as long, not even in return to a ping, is closed.
	KeepAlive time.Duration
	// SendTimeout is how long a client may take to accept what is sent to it;
	// zero means 10 s. A connection whose client does not is closed: the client
	// goes on where it was with the cursor of the last change it has seen.
	SendTimeout time.Duration
}

func (s Streams) withDefaults() Streams {
	return Streams{
		InitTimeout: cmp.Or(s.InitTimeout, 5*time.Second),
		KeepAlive:   cmp.Or(s.KeepAlive, 15*time.Second),
		SendTimeout: cmp.Or(s.SendTimeout, 10*time.Second),
	}
}
