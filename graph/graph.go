package graph

import (
	"log/slog"
	"maps"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
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
}

// New returns the handler that serves svc over GraphQL.
func New(svc *service.Service, c Config) http.Handler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits = c.Limits.withDefaults()
	schema := servedSchema()
	e := executor.New(exec.NewExecutableSchema(exec.Config{Schema: schema, Resolvers: resolvers{svc}}))
	errs := presenter{c.Log}
	e.SetErrorPresenter(errs.present)
	e.SetRecoverFunc(errs.recovered)
	e.SetQueryCache(admitted{})
	return &handler{
		exec:       newAdmission(e, schema, c),
		transports: []graphql.Transport{httpTransport{limits: c.Limits}},
		errs:       errs,
	}
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
	exec       graphql.GraphExecutor
	transports []graphql.Transport
	errs       presenter
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	web.SetRoute(r.Context(), Route)
	r = r.WithContext(graphql.StartOperationTrace(r.Context()))
	for _, t := range h.transports {
		if t.Supports(r) {
			defer h.recover(w, r)
			t.Do(w, r, h.exec)
			return
		}
	}
}

// recover answers a request whose transport panicked. Transports write their
// answer in one go at the end, so that nothing of it has been sent. Panics of
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
