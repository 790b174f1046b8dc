package telemetry

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/userd/userd/service"
)

// calls are the durations and failures of a store's methods.
type calls struct {
	duration *series[string, prometheus.Observer] // by method
	failures *prometheus.CounterVec
}

func newCalls(reg prometheus.Registerer) calls {
	auto := promauto.With(reg)
	duration := auto.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "store_call_duration_seconds",
		Help:    "How long the store took to answer, by method.",
		Buckets: []float64{.00001, .00005, .0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5}}, []string{"method"})
	return calls{
		duration: newSeries(func(method string) prometheus.Observer { return duration.WithLabelValues(method) }),
		failures: auto.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "store_failures_total",
			Help: "Calls that the store failed to serve; not those whose caller had gone, nor answers such as that there is no such user."},
			[]string{"method", "code"}),
	}
}

// Store returns s with each call measured, except for waiting for changes.
func (t *Telemetry) Store(s service.Store) service.Store {
	return &store{Store: s, calls: t.calls, tracer: t.tracer}
}

// store measures the calls to another.
type store struct {
	service.Store
	calls
	tracer trace.Tracer
}

// call is one call under way.
type call struct {
	ctx    context.Context
	store  *store
	span   trace.Span
	method string
	start  time.Time
}

func (s *store) begin(ctx context.Context, method string) call {
	ctx, span := startSpan(ctx, s.tracer, "store", method)
	return call{ctx, s, span, method, time.Now()}
}

// end notes that the call is over, and returns how.
func (c call) end(err error) error {
	c.store.duration.of(c.method).Observe(time.Since(c.start).Seconds())
	if err != nil && c.ctx.Err() == nil && !isAnswer(err) {
		c.fail(service.CodeOf(err))
	}
	c.span.End()
	return err
}

// fail notes that the call has ended with an error of this code.
func (c call) fail(code service.Code) {
	if isFailure(code) {
		c.store.failures.WithLabelValues(c.method, string(code)).Inc()
		c.span.SetStatus(codes.Error, string(code))
	}
}

// isFailure tells what the store is to blame for.
func isFailure(code service.Code) bool {
	return code == service.CodeUnavailable || code == service.CodeOutcomeUnknown || code == service.CodeInternal
}

// isAnswer tells whether err, which has no code, is what the service wants to know.
func isAnswer(err error) bool {
	_, notFound := errors.AsType[*service.ItemNotFoundError](err)
	_, conflict := errors.AsType[*service.ItemConflictError](err)
	return notFound || conflict
}

// CreateUser implements [service.Store].
func (s *store) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	c := s.begin(ctx, "create_user")
	return c.end(s.Store.CreateUser(c.ctx, r, items...))
}

// UpdateUser implements [service.Store].
func (s *store) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	c := s.begin(ctx, "update_user")
	user, err := s.Store.UpdateUser(c.ctx, id, u)
	return user, c.end(err)
}

// DeleteUser implements [service.Store].
func (s *store) DeleteUser(ctx context.Context, id uuid.UUID, d service.Deletion) error {
	c := s.begin(ctx, "delete_user")
	return c.end(s.Store.DeleteUser(c.ctx, id, d))
}

// User implements [service.Store].
func (s *store) User(ctx context.Context, id uuid.UUID) (service.User, error) {
	c := s.begin(ctx, "user")
	user, err := s.Store.User(c.ctx, id)
	return user, c.end(err)
}

// UsersByID implements [service.Store].
func (s *store) UsersByID(ctx context.Context, ids []uuid.UUID) ([]service.User, error) {
	c := s.begin(ctx, "users_by_id")
	users, err := s.Store.UsersByID(c.ctx, ids)
	return users, c.end(err)
}

// ListUsers implements [service.Store].
func (s *store) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	c := s.begin(ctx, "list_users")
	users, err := s.Store.ListUsers(c.ctx, q)
	return users, c.end(err)
}

// CountUsers implements [service.Store].
func (s *store) CountUsers(ctx context.Context, f service.Filter) (int, error) {
	c := s.begin(ctx, "count_users")
	n, err := s.Store.CountUsers(c.ctx, f)
	return n, c.end(err)
}

// HashSchemes implements [service.Store].
func (s *store) HashSchemes(ctx context.Context) (map[string]int, error) {
	c := s.begin(ctx, "hash_schemes")
	schemes, err := s.Store.HashSchemes(c.ctx)
	return schemes, c.end(err)
}

// PasswordHash implements [service.Store].
func (s *store) PasswordHash(ctx context.Context, id uuid.UUID) (string, error) {
	c := s.begin(ctx, "password_hash")
	hash, err := s.Store.PasswordHash(c.ctx, id)
	return hash, c.end(err)
}

// Changes implements [service.Store].
func (s *store) Changes(ctx context.Context, q service.ChangeQuery) (service.ChangeSlice, error) {
	c := s.begin(ctx, "changes")
	slice, err := s.Store.Changes(c.ctx, q)
	return slice, c.end(err)
}

// ChangeLog implements [service.Store].
func (s *store) ChangeLog(ctx context.Context) (service.ChangeLogState, error) {
	c := s.begin(ctx, "change_log")
	state, err := s.Store.ChangeLog(c.ctx)
	return state, c.end(err)
}

// CreateKey implements [service.Store].
func (s *store) CreateKey(ctx context.Context, k service.Key) error {
	c := s.begin(ctx, "create_key")
	return c.end(s.Store.CreateKey(c.ctx, k))
}

// Keys implements [service.Store].
func (s *store) Keys(ctx context.Context) ([]service.Key, error) {
	c := s.begin(ctx, "keys")
	keys, err := s.Store.Keys(c.ctx)
	return keys, c.end(err)
}

// RevokeKey implements [service.Store].
func (s *store) RevokeKey(ctx context.Context, name string, at time.Time) error {
	c := s.begin(ctx, "revoke_key")
	return c.end(s.Store.RevokeKey(c.ctx, name, at))
}

// TouchKey implements [service.Store].
func (s *store) TouchKey(ctx context.Context, hash service.KeyHash, at time.Time) error {
	c := s.begin(ctx, "touch_key")
	return c.end(s.Store.TouchKey(c.ctx, hash, at))
}

// Item implements [service.Store].
func (s *store) Item(ctx context.Context, kind service.ItemKind, key service.ItemKey, at time.Time) (service.Item, error) {
	c := s.begin(ctx, "item")
	item, err := s.Store.Item(c.ctx, kind, key, at)
	return item, c.end(err)
}

// Items implements [service.Store].
func (s *store) Items(ctx context.Context, q service.ItemQuery) ([]service.Item, error) {
	c := s.begin(ctx, "items")
	items, err := s.Store.Items(c.ctx, q)
	return items, c.end(err)
}

// ChangeItems implements [service.Store].
func (s *store) ChangeItems(ctx context.Context, at time.Time, changes []service.ItemChange) error {
	c := s.begin(ctx, "change_items")
	return c.end(s.Store.ChangeItems(c.ctx, at, changes))
}

// Ping implements [service.Store].
func (s *store) Ping(ctx context.Context) error {
	c := s.begin(ctx, "ping")
	return c.end(s.Store.Ping(c.ctx))
}
