package main

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
)

// connectionSettings bound what connections and requests take, in time, number
// and bytes.
type connectionSettings struct {
	ReadHeaderTimeout time.Duration `env:"USERD_READ_HEADER_TIMEOUT" default:"5s" help:"Time a client has to send a request's headers."`
	ReadTimeout       time.Duration `env:"USERD_READ_TIMEOUT" default:"15s" help:"Time a client has to send a whole request."`
	WriteTimeout      time.Duration `env:"USERD_WRITE_TIMEOUT" default:"30s" help:"Time an answer may take."`
	IdleTimeout       time.Duration `env:"USERD_IDLE_TIMEOUT" default:"2m" help:"Time an idle connection is kept."`

	MaxConnections int   `env:"USERD_MAX_CONNECTIONS" default:"10000" help:"Most connections at once; further ones wait."`
	MaxHeaderBytes int   `env:"USERD_MAX_HEADER_BYTES" default:"16384" help:"Most bytes of a request's headers."`
	MaxBodyBytes   int64 `env:"USERD_MAX_BODY_BYTES" default:"262144" help:"Most bytes of a request's body."`
}

// check refuses what nothing would get through.
func (s *connectionSettings) check() error {
	return cmp.Or(
		positive(s.ReadHeaderTimeout > 0, "read-header-timeout"),
		positive(s.ReadTimeout > 0, "read-timeout"),
		positive(s.WriteTimeout > 0, "write-timeout"),
		positive(s.IdleTimeout > 0, "idle-timeout"),
		positive(s.MaxConnections > 0, "max-connections"),
		positive(s.MaxHeaderBytes > 0, "max-header-bytes"),
		positive(s.MaxBodyBytes > 0, "max-body-bytes"))
}

// server is a server of h that keeps to the settings.
func (s *connectionSettings) server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: s.ReadHeaderTimeout,
		ReadTimeout:       s.ReadTimeout,
		WriteTimeout:      s.WriteTimeout,
		IdleTimeout:       s.IdleTimeout,
		MaxHeaderBytes:    s.MaxHeaderBytes,
		ErrorLog:          newServerLog(log),
	}
}

// hashSettings bound how much is hashed at once.
type hashSettings struct {
	HashSlots int           `env:"USERD_HASH_SLOTS" default:"0" help:"Passwords hashed at once; 0 means CPUs less one and what half of a container's memory holds, at least one."`
	HashQueue int           `env:"USERD_HASH_QUEUE" default:"16" help:"Requests that may wait to have a password hashed."`
	HashWait  time.Duration `env:"USERD_HASH_WAIT" default:"5s" help:"Time one of them waits at most."`
}

// check refuses a gate that nobody passes.
func (s *hashSettings) check() error {
	if s.HashSlots < 0 {
		return errors.New("--hash-slots must not be negative")
	}
	return cmp.Or(positive(s.HashQueue > 0, "hash-queue"), positive(s.HashWait > 0, "hash-wait"))
}

// limits leave half of the memory that Go may take to the rest.
func (s *hashSettings) limits() service.HashingLimits {
	return service.HashingLimits{Slots: s.HashSlots, Memory: debug.SetMemoryLimit(-1) / 2, Queue: s.HashQueue, Wait: s.HashWait}
}

// clientSettings bound what one client does, and say how clients are told apart.
type clientSettings struct {
	RateLimitWrites int      `env:"USERD_RATE_LIMIT_WRITES" default:"1000" help:"Changes and attempts of passwords a second for each key, token's subject or anonymous address; ten seconds' worth at once. 0 means any number."`
	RateLimitReads  int      `env:"USERD_RATE_LIMIT_READS" default:"0" help:"Reads a second for each of them, likewise."`
	MaxFeeds        int      `env:"USERD_MAX_FEEDS" default:"1000" help:"Most streams and subscriptions of changes that each of them has open at once."`
	MaxPageSize     int      `env:"USERD_MAX_PAGE_SIZE" default:"200" help:"Most entries of a page; at most 200."`
	TrustedProxies  []string `env:"USERD_TRUSTED_PROXIES" help:"Addresses or ranges, such as 10.0.0.0/8, of proxies whose X-Forwarded-For tells a client's address."`
}

// check refuses negative numbers, pages that clients do not expect, and what is
// no address.
func (s *clientSettings) check() error {
	if s.RateLimitWrites < 0 || s.RateLimitReads < 0 {
		return errors.New("--rate-limit-writes and --rate-limit-reads must not be negative")
	}
	if s.MaxPageSize < 1 || s.MaxPageSize > service.MaxPageSize {
		return errors.New("--max-page-size must be from 1 to 200")
	}
	_, err := s.proxies()
	return cmp.Or(positive(s.MaxFeeds > 0, "max-feeds"), err)
}

// rates are the settings as the service takes them.
func (s *clientSettings) rates() service.RateLimits {
	return service.RateLimits{Writes: s.RateLimitWrites, Reads: s.RateLimitReads}
}

// proxies are the ranges of the proxies' addresses.
func (s *clientSettings) proxies() ([]netip.Prefix, error) {
	ranges := make([]netip.Prefix, len(s.TrustedProxies))
	for i, text := range s.TrustedProxies {
		addr, err := netip.ParseAddr(text)
		ranges[i] = netip.PrefixFrom(addr, addr.BitLen())
		if err != nil {
			ranges[i], err = netip.ParsePrefix(text)
		}
		if err != nil || ranges[i].Addr().Zone() != "" || ranges[i].Addr().Is4In6() {
			return nil, errors.New("--trusted-proxies takes addresses and ranges such as 10.0.0.0/8 or 2001:db8::1")
		}
	}
	return ranges, nil
}

// graphqlSettings bound what a GraphQL request may ask for.
type graphqlSettings struct {
	GraphqlMaxURLBytes      int `name:"graphql-max-url-bytes" env:"USERD_GRAPHQL_MAX_URL_BYTES" default:"16384" help:"Most bytes of a GraphQL query string."`
	GraphqlMaxDocumentBytes int `env:"USERD_GRAPHQL_MAX_DOCUMENT_BYTES" default:"32768" help:"Most bytes of a GraphQL document."`
	GraphqlMaxTokens        int `env:"USERD_GRAPHQL_MAX_TOKENS" default:"1000" help:"Most tokens of a GraphQL document."`
	GraphqlMaxDepth         int `env:"USERD_GRAPHQL_MAX_DEPTH" default:"15" help:"Most levels of GraphQL fields in fields."`
	GraphqlMaxFields        int `env:"USERD_GRAPHQL_MAX_FIELDS" default:"500" help:"Most GraphQL fields once fragments are spread."`
	GraphqlMaxRootFields    int `env:"USERD_GRAPHQL_MAX_ROOT_FIELDS" default:"20" help:"Most fields at the root of a GraphQL operation."`
	GraphqlMaxAliases       int `env:"USERD_GRAPHQL_MAX_ALIASES" default:"30" help:"Most renamed GraphQL fields once fragments are spread."`
	GraphqlMaxSameKey       int `env:"USERD_GRAPHQL_MAX_SAME_KEY" default:"10" help:"Most GraphQL fields of one name in a selection."`
	GraphqlMaxDirectives    int `env:"USERD_GRAPHQL_MAX_DIRECTIVES" default:"50" help:"Most directives of a GraphQL document."`
	GraphqlMaxFragments     int `env:"USERD_GRAPHQL_MAX_FRAGMENTS" default:"30" help:"Most fragments that a GraphQL document defines."`
	GraphqlMaxValueDepth    int `env:"USERD_GRAPHQL_MAX_VALUE_DEPTH" default:"10" help:"Most levels of lists and objects in GraphQL arguments and variables."`
	GraphqlMaxOperations    int `env:"USERD_GRAPHQL_MAX_OPERATIONS" default:"100" help:"Most GraphQL operations at once over one WebSocket."`
	GraphqlCacheBytes       int `env:"USERD_GRAPHQL_CACHE_BYTES" default:"16777216" help:"Memory for GraphQL documents that have been accepted, persisted queries among them; bytes, roughly."`
}

// limits are the settings as the handler takes them.
func (s *graphqlSettings) limits(bodyBytes int64) graph.Limits {
	return graph.Limits{
		BodyBytes:     bodyBytes,
		URLBytes:      s.GraphqlMaxURLBytes,
		DocumentBytes: s.GraphqlMaxDocumentBytes,
		Tokens:        s.GraphqlMaxTokens,
		Depth:         s.GraphqlMaxDepth,
		Fields:        s.GraphqlMaxFields,
		RootFields:    s.GraphqlMaxRootFields,
		Aliases:       s.GraphqlMaxAliases,
		SameKey:       s.GraphqlMaxSameKey,
		Directives:    s.GraphqlMaxDirectives,
		Fragments:     s.GraphqlMaxFragments,
		ValueDepth:    s.GraphqlMaxValueDepth,
		Operations:    s.GraphqlMaxOperations,
		CacheBytes:    s.GraphqlCacheBytes,
	}
}

// check refuses limits that no document keeps to.
func (s *graphqlSettings) check() error {
	return cmp.Or(
		positive(s.GraphqlMaxURLBytes > 0, "graphql-max-url-bytes"),
		positive(s.GraphqlMaxDocumentBytes > 0, "graphql-max-document-bytes"),
		positive(s.GraphqlMaxTokens > 0, "graphql-max-tokens"),
		positive(s.GraphqlMaxDepth > 0, "graphql-max-depth"),
		positive(s.GraphqlMaxFields > 0, "graphql-max-fields"),
		positive(s.GraphqlMaxRootFields > 0, "graphql-max-root-fields"),
		positive(s.GraphqlMaxAliases > 0, "graphql-max-aliases"),
		positive(s.GraphqlMaxSameKey > 0, "graphql-max-same-key"),
		positive(s.GraphqlMaxDirectives > 0, "graphql-max-directives"),
		positive(s.GraphqlMaxFragments > 0, "graphql-max-fragments"),
		positive(s.GraphqlMaxValueDepth > 0, "graphql-max-value-depth"),
		positive(s.GraphqlMaxOperations > 0, "graphql-max-operations"),
		positive(s.GraphqlCacheBytes > 0, "graphql-cache-bytes"))
}
