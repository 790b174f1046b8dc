package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// lines are the entries of a log, each as level, message and the number of
// others that it tells of.
func lines(t *testing.T, log string) (found []string) {
	t.Helper()
	for line := range strings.Lines(log) {
		var e struct {
			Level, Msg, Error string
			Others            json.Number `json:"others_since_the_last"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Error == "" {
			t.Fatalf("%s: %v", line, err)
		}
		found = append(found, strings.TrimSpace(e.Level+" "+e.Msg+" "+e.Others.String()))
	}
	return found
}

// TestRefusalsAreLoggedOnceASecond: a service that refuses everything does not
// fill the disk with saying so, and its log tells how often it did.
func TestRefusalsAreLoggedOnceASecond(t *testing.T) {
	log, b := logger()
	synctest.Test(t, func(t *testing.T) {
		causes := web.NewCauses(log)
		for range 3 * 1000 { // for three seconds, one each millisecond
			causes.Log(t.Context(), service.CodeUnavailable, errors.New("the database is away"))
			time.Sleep(time.Millisecond)
		}
	})
	want := []string{"WARN request could not be served 0", "WARN request could not be served 999", "WARN request could not be served 999"}
	if got := lines(t, b.String()); !slices.Equal(got, want) {
		t.Errorf("logged %q", got)
	}
}

func TestCausesOfOneRequestEach(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		code service.Code
		want []string
	}{
		{"a defect", t.Context(), service.CodeInternal, []string{"ERROR request failed", "ERROR request failed"}},
		{"doubt", t.Context(), service.CodeOutcomeUnknown, []string{"WARN it is not known what became of a request", "WARN it is not known what became of a request"}},
		{"a client that has gone", gone, service.CodeUnavailable, []string{"INFO request could not be served", "INFO request could not be served"}},
		{"a client's mistake", t.Context(), service.CodeInvalidInput, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log, b := logger()
			causes := web.NewCauses(log)
			for range 2 {
				causes.Log(tt.ctx, tt.code, errors.New("the cause"))
			}
			if got := lines(t, b.String()); !slices.Equal(got, tt.want) {
				t.Errorf("logged %q", got)
			}
		})
	}
}
