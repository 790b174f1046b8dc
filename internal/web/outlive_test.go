package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/userd/userd/internal/web"
)

// TestExchangesThatOutliveTheirHandlers: what comes at the end of an exchange
// comes when it is over, be that after the handler has returned or before.
func TestExchangesThatOutliveTheirHandlers(t *testing.T) {
	for name, endsInHandler := range map[string]bool{"over after the handler": false, "over before it": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []web.Exchange
				var requests sync.WaitGroup
				var kept context.Context
				var end func()
				spans := tracetest.NewSpanRecorder()
				var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					kept, end = web.Outlive(r.Context())
					w.WriteHeader(http.StatusSwitchingProtocols)
					if endsInHandler {
						time.Sleep(time.Minute)
						end()
					}
				})
				h = web.WithObservers(func(_ context.Context, x web.Exchange) { told = append(told, x) }, web.DescribeSpan)(h)
				h = web.WithTracing(trace.NewTracerProvider(trace.WithSpanProcessor(spans)))(h)
				ctx, cancel := context.WithCancel(t.Context())
				serve(web.WithCount(&requests, web.WithRequestIDs(h)), traced().WithContext(ctx))
				cancel()
				counted := true
				go func() { requests.Wait(); counted = false }()
				synctest.Wait()
				if !endsInHandler {
					if len(told) != 0 || len(spans.Ended()) != 0 || !counted {
						t.Errorf("before it is over: told %v, spans %v, counted %v", told, spans.Ended(), counted)
					}
					web.SetActor(kept, "key:1")
					time.Sleep(time.Minute)
					end()
				}
				synctest.Wait()
				if len(told) != 1 || told[0].Status != 101 || !told[0].IsStream || told[0].Duration != time.Minute || (told[0].Actor == "key:1") == endsInHandler {
					t.Errorf("told %+v", told)
				}
				if s := spans.Ended(); len(s) != 1 || len(s[0].Attributes()) == 0 || counted {
					t.Errorf("spans %v, counted %v", s, counted)
				}
				if kept.Err() != nil || web.RequestID(kept) == "" {
					t.Errorf("%v, request %q", kept.Err(), web.RequestID(kept))
				}
			})
		})
	}
}

func TestCountsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests sync.WaitGroup
		counted := false
		serve(web.WithCount(&requests, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			counted = true
			go func() { requests.Wait(); counted = false }()
			if synctest.Wait(); !counted {
				t.Error("a request that is served does not count")
			}
		})), httptest.NewRequest(http.MethodGet, "/", nil))
		if synctest.Wait(); counted {
			t.Error("a request that was served counts")
		}
	})
}

func TestOutliveWithoutMiddleware(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	kept, end := web.Outlive(ctx)
	cancel()
	if end(); kept.Err() != nil {
		t.Error(kept.Err())
	}
}
