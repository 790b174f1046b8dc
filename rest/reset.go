package rest

import "net/http"

// reset brings the users, the change log and the keys back to where tests begin.
func (a *api) reset(w http.ResponseWriter, r *http.Request) error {
	if err := a.svc.Reset(r.Context(), a.Restore); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
