package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/userd/userd/internal/web"
)

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	parent  = "00-" + traceID + "-b7ad6b7169203331-01"
)

// traced is a request within a trace.
func traced() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/users/secret?q=secret", nil)
	r.Header.Set("Traceparent", parent)
	return r
}

func TestRequestsAreSpansOfTheirTrace(t *testing.T) {
	for status, failed := range map[int]bool{200: false, 404: false, 500: true} {
		spans := tracetest.NewSpanRecorder()
		h := web.WithTracing(trace.NewTracerProvider(trace.WithSpanProcessor(spans)))(web.WithObservers(web.DescribeSpan)(
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				web.SetRoute(r.Context(), "/users/{id}")
				w.WriteHeader(status)
			})))
		answer := serve(h, traced())
		s := spans.Ended()[0]
		if s.Name() != "GET /users/{id}" || s.SpanContext().TraceID().String() != traceID || s.Parent().SpanID().String() != parent[36:52] {
			t.Errorf("%s of %v", s.Name(), s.SpanContext().TraceID())
		}
		if got := s.Status().Code == codes.Error; got != failed {
			t.Errorf("%d is a failure: %v", status, got)
		}
		if told := answer.Header().Get(web.TraceResponseHeader); !strings.Contains(told, traceID+"-"+s.SpanContext().SpanID().String()) {
			t.Errorf("the client is told %q", told)
		}
		for _, a := range s.Attributes() {
			if strings.Contains(a.Value.String(), "secret") {
				t.Errorf("%s is %s", a.Key, a.Value.String())
			}
		}
	}
}

func TestLogNamesTheTraceAlsoWhenNothingIsRecorded(t *testing.T) {
	log, lines := logger()
	h := web.WithTracing(noop.NewTracerProvider())(web.WithObservers(web.AccessLog(log), web.DescribeSpan)(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })))
	if answer := serve(h, traced()); answer.Header().Get(web.TraceResponseHeader) != "" {
		t.Error("the client is told of a span that nobody records")
	}
	if e := entry(t, lines); e["trace_id"] != traceID {
		t.Errorf("logged %v", e)
	}
}
