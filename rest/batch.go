package rest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// maxBatchMistakes bounds how many mistakes of a refused batch are told, so
// that a small request cannot ask for a large answer.
const maxBatchMistakes = 100

// batch is a body with many users.
type batch struct {
	users  []service.BatchItem
	policy service.BatchPolicy
}

func (a *api) createUsers(w http.ResponseWriter, r *http.Request) error {
	in, err := decodeBatch(w, r)
	if err != nil {
		return err
	}
	results, err := a.svc.CreateUsers(r.Context(), in.users, in.policy)
	if err == nil && in.policy == service.BatchAllOrNothing {
		err = refusedBatch(results)
	}
	if err != nil {
		return err
	}
	setPrivate(w.Header())
	send(w, http.StatusOK, typeJSON, append(appendResults(r.Context(), results), '\n'))
	return nil
}

// decodeBatch reads a body with many users. What is wrong with one of them is
// left to that user's result.
func decodeBatch(w http.ResponseWriter, r *http.Request) (batch, error) {
	in := batch{policy: service.BatchAllOrNothing}
	body, err := readBody(w, r)
	if err != nil {
		return in, err
	}
	var wrong mistakes
	err = eachMember(body, func(name string, value jsontext.Value) {
		switch service.Field(name) {
		case service.FieldUsers:
			in.takeUsers(&wrong, value)
		case service.FieldPolicy:
			in.takePolicy(&wrong, value)
		default:
			wrong.unknownName(name, unknownMessage(name, []service.Field{service.FieldUsers, service.FieldPolicy}))
		}
	})
	if in.users == nil {
		wrong.add(service.FieldError{Field: service.FieldUsers, Code: service.FieldRequired, Message: "This field is required."})
	}
	if err == nil {
		err = wrong.with(nil)
	}
	return in, err
}

func (in *batch) takePolicy(wrong *mistakes, value jsontext.Value) {
	var text service.Optional[string]
	takeText(&text, value)
	policy, _ := text.Get()
	in.policy = service.BatchPolicy(policy)
	if in.policy != service.BatchAllOrNothing && in.policy != service.BatchEach {
		wrong.invalid(service.FieldPolicy, "This field must be all_or_nothing or each.")
	}
}

func (in *batch) takeUsers(wrong *mistakes, value jsontext.Value) {
	if value.Kind() != '[' {
		wrong.invalid(service.FieldUsers, "This field must be a list of users.")
		return
	}
	in.users = []service.BatchItem{}
	for _, user := range elements(value) {
		in.users = append(in.users, batchItem(user))
	}
}

// batchItem reads one user, and what is wrong with it as JSON.
func batchItem(value jsontext.Value) service.BatchItem {
	if value.Kind() != '{' {
		return service.BatchItem{Mistakes: []service.FieldError{{Code: service.FieldInvalid, Message: "A user must be a JSON object."}}}
	}
	in, wrong, _ := parseUser(value, batchForm.fields) // it is JSON, as the whole body is
	return service.BatchItem{UserInput: in, Mistakes: wrong.fields}
}

// refusedBatch is the error for a batch of which a part was refused: the
// mistakes of all its users.
func refusedBatch(results []service.BatchResult) error {
	var wrong []service.FieldError
	for i, r := range results {
		if r.Err == nil {
			continue
		}
		user := fmt.Sprintf("users[%d]", i)
		for _, f := range newProblem(r.Err).Errors {
			if f.Field != "" {
				f.Field = service.Field(user + "." + string(f.Field))
			} else {
				f.Field = service.Field(user)
			}
			wrong = append(wrong, service.FieldError(f))
		}
	}
	if wrong == nil {
		return nil
	}
	return &service.InvalidInputError{Fields: wrong[:min(len(wrong), maxBatchMistakes)]}
}

// appendResults answers for each user of a batch.
func appendResults(ctx context.Context, results []service.BatchResult) []byte {
	b := append(make([]byte, 0, len(results)*userSize), `{"results":[`...)
	for i, r := range results {
		if i > 0 {
			b = append(b, ',')
		}
		if r.User != nil {
			b = append(appendUser(append(b, `{"status":201,"user":`...), r.User), '}')
			continue
		}
		p := newProblem(r.Err)
		p.RequestID = web.RequestID(ctx)
		b = fmt.Appendf(b, `{"status":%d,"problem":%s}`, p.Status, p.json())
	}
	return append(b, "]}"...)
}
