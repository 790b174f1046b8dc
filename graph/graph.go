package graph

import (
	"context"
	"log/slog"
	"maps"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/userd/userd/graph/internal/exec"
	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// Route is where the handler is to be mounted.
const Route = "/graphql"

// Config has what the handler can be told; its zero value works.
type Config struct {
	// Log takes what clients are not told; nil means nowhere.
	Log *slog.Logger
	// Limits bound what one request may cost.
	Limits Limits
	// NoIntrospection refuses queries of the schema, and leaves suggestions out
	// of error messages.
	NoIntrospection bool
	// Drain ends when the server begins to shut down; subscriptions end with
	// it, in a way that has clients go on elsewhere. Nil means never.
	Drain context.Context
	// AllowedOrigins are the origins, such as https://app.example.com, whose
	// pages may open a WebSocket besides those of the service's own host.
	AllowedOrigins []string
	// Observer is told of operations and errors; nil means nobody is.
	Observer Observer
	// Streams has the timing of connections that carry many answers.
	Streams Streams
}

// New returns the handler that serves svc over GraphQL.
func New(svc *service.Service, c Config) http.Handler {
	c = c.withDefaults()
	schema := servedSchema()
	errs := newPresenter(c.Log, c.Observer)
	e := newExecutor(exec.New(exec.Config{Schema: schema, Resolvers: resolvers{svc}}), errs)
	a := newAdmission(e, schema, c)
	p := performer{a, errs, c.Drain, svc}
	return &handler{performer: p, transports: transports(p, c)}
}

// transports are asked in this order whether they take a request.
func transports(p performer, c Config) []graphql.Transport {
	http := httpTransport{performer: p, limits: c.Limits}
	return []graphql.Transport{
		&socketTransport{performer: p, limits: c.Limits, streams: c.Streams, origins: c.AllowedOrigins},
		eventTransport{performer: p, http: http, streams: c.Streams},
		http,
	}
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Drain == nil {
		c.Drain = context.Background()
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	c.Limits, c.Streams = c.Limits.WithDefaults(), c.Streams.withDefaults()
	return c
}

// servedSchema is the schema without @defer, which gqlgen brings along: an
// answer in parts needs a transport that can send them.
func servedSchema() *ast.Schema {
	s := *exec.NewExecutableSchema(exec.Config{}).Schema()
	s.Directives = maps.Clone(s.Directives)
	delete(s.Directives, "defer")
	return &s
}

// handler gives each request to the first transport that takes it.
type handler struct {
	performer
	transports []graphql.Transport
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	web.SetRoute(r.Context(), Route)
	web.NoSniff(w.Header())
	for _, t := range h.transports {
		if t.Supports(r) {
			defer h.recover(w, r)
			t.Do(w, r, h.exec)
			return
		}
	}
}

// recover answers a request whose transport panicked before it has sent
// anything: transports write their answer in one go at the end, and those that
// stream abort the connection themselves from when they have begun. Panics of
// resolvers do not come here: the executor turns them into errors.
func (h *handler) recover(w http.ResponseWriter, r *http.Request) {
	switch v := recover(); v {
	case nil:
	case http.ErrAbortHandler:
		panic(v)
	default:
		err := h.errs.recovered(r.Context(), v)
		reply{mediaType: typeJSON}.send(w, r, h.exec.DispatchError(r.Context(), asList(err)))
	}
}
