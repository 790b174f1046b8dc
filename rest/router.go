package rest

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-chi/chi/v5"

	"github.com/userd/userd/internal/console"
	"github.com/userd/userd/internal/pages"
	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// Config has what the API can be told; its zero value works.
type Config struct {
	// Log gets the causes of failures that clients are not told; nil discards them.
	Log *slog.Logger
	// Version is the program's own, for /health; empty means "(devel)".
	Version string
	// Drain ends when the server begins to shut down. From then on /readyz
	// answers 503, so that load balancers send new requests elsewhere, and
	// streams end; everything else is served as ever. nil means never.
	Drain context.Context
	// NoDocs leaves out the documentation pages, the playground and this API's
	// document.
	NoDocs bool
	// NoConsole leaves out the console.
	NoConsole bool
	// Restore puts the store back to where tests begin; see [service.Service.Reset].
	// With it there is POST /test/reset, which openapi.yaml leaves out: it is for
	// tests, and no application's client should have it.
	Restore func() error
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Version == "" {
		c.Version = "(devel)"
	}
	if c.Drain == nil {
		c.Drain = context.Background()
	}
	return c
}

// api is what all handlers share.
type api struct {
	svc *service.Service
	Config
	causes    *web.Causes
	storeAway atomic.Bool // when a probe last looked
}

// New returns the handler of the whole REST API, with the documentation pages
// and the console. It is to be mounted at / and answers every path. It expects
// package web's middlewares around it: they bring request ids and bound the
// bodies.
func New(svc *service.Service, c Config) http.Handler { return routed(newRouter(svc, c)) }

// routed lends mux a routing context for each request, which goes along with the
// request's own: chi would make another context, and with it a copy of the request.
func routed(mux *chi.Mux) http.Handler {
	var routes sync.Pool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, ok := routes.Get().(*chi.Context)
		if !ok {
			route = chi.NewRouteContext()
		}
		route.Reset()
		route.Routes = mux
		mux.ServeHTTP(w, web.Keep(r, chi.RouteCtxKey, route))
		routes.Put(route)
	})
}

func newRouter(svc *service.Service, c Config) *chi.Mux {
	c = c.withDefaults()
	a := &api{svc: svc, Config: c, causes: web.NewCauses(c.Log)}
	mux := chi.NewRouter()
	mux.Use(noSniff, canonical)
	mux.NotFound(a.handle(notFound))
	mux.MethodNotAllowed(a.handle(otherMethod(mux)))
	mux.Group(func(r chi.Router) {
		r.Use(nameRoute)
		r.Group(func(r chi.Router) {
			r.Use(a.authenticated)
			a.userRoutes(r)
			r.Get("/changes", a.handle(a.changes))
			r.Get("/keys", a.handle(a.listKeys))
			r.Post("/keys", a.handle(a.createKey))
			r.Delete("/keys/{name}", a.handle(a.revokeKey))
			a.sessionRoutes(r)
			a.tokenRoutes(r)
			if a.Restore != nil {
				r.Post("/test/reset", a.handle(a.reset))
			}
		})
		r.With(ofAnybody).Post("/sessions/refresh", a.handle(a.refreshSession)) // the refresh token says who it is
		r.Get("/.well-known/jwks.json", a.handle(a.publicKeys))
		r.Get("/health", a.health)
		r.Get("/livez", a.livez)
		r.Get("/readyz", a.readyz)
		if !a.NoDocs {
			a.documentationRoutes(r)
		}
		if !a.NoConsole {
			a.consoleRoutes(r)
		}
	})
	return mux
}

func (a *api) userRoutes(r chi.Router) {
	r.Get("/users", a.handle(a.listUsers))
	r.Post("/users", a.handle(a.createUser))
	r.Post("/users:batch", a.handle(a.createUsers))
	r.Post("/users/verify-password", a.handle(a.verifyPassword))
	r.Get("/users/{id}", a.handle(a.getUser))
	r.Put("/users/{id}", a.handle(a.change(replaceForm, a.svc.ReplaceUser, sendUser)))
	r.Patch("/users/{id}", a.handle(a.change(patchForm, a.svc.UpdateUser, sendUser)))
	r.Delete("/users/{id}", a.handle(a.deleteUser))
	r.Put("/users/{id}/email", a.handle(a.change(emailForm, a.updateEmail, sendUser)))
	r.Put("/users/{id}/password", a.handle(a.change(passwordForm, a.setPassword, sendVersion)))
}

func (a *api) sessionRoutes(r chi.Router) {
	r.Get("/me", a.handle(a.me))
	r.Post("/sessions", a.handle(a.signIn))
	r.Delete("/sessions/current", a.handle(a.signOut))
	r.Get("/users/{id}/sessions", a.handle(a.listSessions))
	r.Delete("/users/{id}/sessions", a.handle(a.endSessions))
	r.Delete("/users/{id}/sessions/{session_id}", a.handle(a.endSession))
	r.Post("/signing-keys", a.handle(a.rotateSigningKey))
}

func (a *api) tokenRoutes(r chi.Router) {
	r.Post("/password-reset-tokens", a.handle(a.createToken(a.svc.CreatePasswordResetToken)))
	r.Post("/password-resets", a.handle(a.resetPassword))
	r.Post("/email-confirmation-tokens", a.handle(a.createToken(a.svc.CreateEmailConfirmationToken)))
	r.Post("/email-confirmations", a.handle(a.confirmEmail))
}

func (a *api) documentationRoutes(r chi.Router) {
	r.Get("/openapi.json", a.handle(document("application/json", openAPIJSON)))
	r.Get("/openapi.yaml", a.handle(document("application/yaml", openAPIYAML)))
	r.Method(http.MethodGet, "/", pages.Index(!a.NoConsole))
	r.Method(http.MethodGet, "/playground", pages.Playground())
	r.Method(http.MethodGet, "/docs", pages.SwaggerUI())
	r.Method(http.MethodGet, "/redoc", pages.ReDoc())
	r.Method(http.MethodGet, "/assets/*", pages.Assets(a.handle(notFound)))
}

func (a *api) consoleRoutes(r chi.Router) {
	for _, path := range console.Paths {
		r.Method(http.MethodGet, path, console.Page())
	}
	r.Method(http.MethodGet, console.AssetsPath, console.Assets(a.handle(notFound)))
}

// handler answers a request or returns why not, having answered nothing.
type handler func(w http.ResponseWriter, r *http.Request) error

// handle is h with its errors answered as problems.
func (a *api) handle(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			a.fail(w, r, err)
		}
	}
}

// authenticated has next serve those alone whom the service serves, and tells
// the service who they are.
func (a *api) authenticated(next http.Handler) http.Handler {
	return a.handle(func(w http.ResponseWriter, r *http.Request) error {
		actor, err := a.svc.Authenticate(r.Context(), web.Authorization(r.Header))
		if err != nil {
			return err
		}
		next.ServeHTTP(w, web.WithActor(r, actor))
		return nil
	})
}

// ofAnybody lets the service know where a request comes from, which it counts by,
// and not who sent it.
func ofAnybody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, web.WithActor(r, service.Actor{}))
	})
}

// noSniff keeps browsers from taking an answer for something it is not.
func noSniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.NoSniff(w.Header())
		next.ServeHTTP(w, r)
	})
}

// canonical makes chi route a trailing slash like none and HEAD like GET;
// net/http leaves the body out.
func canonical(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route := chi.RouteContext(r.Context())
		route.RoutePath = routePath(r.URL)
		if r.Method == http.MethodHead {
			route.RouteMethod = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// routePath is the path to route by: decoded, so that a needless escape makes
// no difference, unless that would turn an escaped slash into a separator;
// without one slash at its end.
func routePath(u *url.URL) string {
	path := u.Path
	if u.RawPath != "" && strings.Count(path, "/") != strings.Count(u.EscapedPath(), "/") {
		path = u.EscapedPath()
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path
}

// nameRoute tells the access log the route, which chi knows by now.
func nameRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.SetRoute(r.Context(), r.Pattern)
		next.ServeHTTP(w, r)
	})
}

func notFound(_ http.ResponseWriter, r *http.Request) error {
	web.SetRoute(r.Context(), "(none)")
	return &requestError{code: codeNotFound}
}

// otherMethod answers what chi has no handler for although it knows the path:
// OPTIONS by what is allowed there, other methods by 405.
func otherMethod(mux *chi.Mux) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		pattern, allowed := allowedMethods(mux, routePath(r.URL))
		if pattern == "" { // chi asks here for each method that it does not know, too
			return notFound(w, r)
		}
		web.SetRoute(r.Context(), pattern)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		if r.Method != http.MethodOptions {
			return &requestError{code: codeMethodNotAllowed}
		}
		if slices.Contains(allowed, http.MethodPatch) {
			setAccept(w.Header(), http.MethodPatch)
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// allowedMethods looks up each method, since chi tells a custom handler none.
func allowedMethods(mux *chi.Mux, path string) (pattern string, allowed []string) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		found := mux.Find(chi.NewRouteContext(), method, path)
		if found == "" {
			continue
		}
		pattern = found
		if allowed = append(allowed, method); method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	return pattern, append(allowed, http.MethodOptions)
}
