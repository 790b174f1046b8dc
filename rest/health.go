package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

// pingTimeout bounds how long a check waits for the store; probes wait little
// longer.
const pingTimeout = 2 * time.Second

// What a check can find.
const (
	checkOK       = "ok"
	checkFailing  = "failing"
	checkDraining = "draining"
)

// report is what the health routes answer.
type report struct {
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
	Checks  checks `json:"checks,omitzero"`
}

type checks struct {
	Server string `json:"server,omitempty"`
	Store  string `json:"store"`
}

// health says whether the service can serve users.
func (a *api) health(w http.ResponseWriter, r *http.Request) {
	found := checks{Store: a.checkStore(r.Context())}
	if found.Store != checkOK {
		sendReport(w, http.StatusServiceUnavailable, report{"unhealthy", a.Version, found})
		return
	}
	sendReport(w, http.StatusOK, report{"healthy", a.Version, found})
}

// livez says that the process answers, whatever it depends on does: restarting
// it would not mend a store.
func (a *api) livez(w http.ResponseWriter, _ *http.Request) {
	sendReport(w, http.StatusOK, report{Status: "alive"})
}

// readyz says whether to send requests here.
func (a *api) readyz(w http.ResponseWriter, r *http.Request) {
	found := checks{Server: checkOK, Store: a.checkStore(r.Context())}
	if a.Drain.Err() != nil {
		found.Server = checkDraining
	}
	if found.Server != checkOK || found.Store != checkOK {
		sendReport(w, http.StatusServiceUnavailable, report{Status: "not_ready", Checks: found})
		return
	}
	sendReport(w, http.StatusOK, report{Status: "ready", Checks: found})
}

// checkStore asks the store. Of what probes find it logs what has changed: they
// come by the second.
func (a *api) checkStore(ctx context.Context) string {
	limited, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	err := a.svc.Ping(limited)
	switch {
	case err == nil:
		if a.storeAway.Swap(false) {
			a.Log.InfoContext(ctx, "the store answers again")
		}
		return checkOK
	case ctx.Err() != nil: // it is the probe that has gone
	case !a.storeAway.Swap(true):
		a.Log.WarnContext(ctx, "the store does not answer", "error", err)
	}
	return checkFailing
}

func sendReport(w http.ResponseWriter, status int, rep report) {
	body, _ := json.Marshal(rep) // texts of our own: cannot fail
	w.Header().Set("Cache-Control", "no-store")
	send(w, status, typeJSON, append(body, '\n'))
}
