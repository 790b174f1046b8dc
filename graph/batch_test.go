package graph_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/userd/userd/service"
)

const createUsers = `mutation ($input: CreateUsersInput!) { createUsers(input: $input) {
	results { user { email } errors { code field } } errors { code field } } }`

// member is one of many new users.
func member(email string) vars { return vars{"email": email, "firstName": "Ada", "lastName": "Byron"} }

func TestCreateUsers(t *testing.T) {
	const (
		ada, eve = `{"user": {"email": "ada@example.com"}, "errors": []}`, `{"user": {"email": "eve@example.com"}, "errors": []}`
		neither  = `{"user": null, "errors": []}`
		taken    = `{"user": null, "errors": [{"code": "EMAIL_TAKEN", "field": "email"}]}`
		wrong    = `{"user": null, "errors": [{"code": "REQUIRED", "field": "firstName"}, {"code": "TOO_SHORT", "field": "password"}]}`
	)
	good := []vars{member("ada@example.com").with(vars{"password": "difference engine"}), member("eve@example.com").with(vars{"isActive": false})}
	bad := append(good, member("Bob@example.org"), member("x@example.com").with(vars{"firstName": "", "password": "short"}))
	for _, c := range []struct {
		name  string
		input vars
		want  string
	}{
		{"all of them", vars{"users": good}, ada + `, ` + eve},
		{"some are refused, so none", vars{"users": bad}, neither + `, ` + neither + `, ` + taken + `, ` + wrong},
		{"some are refused, each for itself", vars{"users": bad, "policy": "EACH"}, ada + `, ` + eve + `, ` + taken + `, ` + wrong},
		{"none", vars{"users": []vars{}}, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			three(t).post(createUsers, vars{"input": c.input}).is(t, `{"data": {"createUsers": {"results": [`+c.want+`], "errors": []}}}`)
		})
	}
}

func TestCreateTooManyUsers(t *testing.T) {
	f := newFixture(t)
	many := make([]vars, service.MaxBatch+1)
	for i := range many {
		many[i] = member(fmt.Sprintf("u%d@example.com", i))
	}
	f.post(createUsers, vars{"input": vars{"users": many}}).
		is(t, `{"data": {"createUsers": {"results": [], "errors": [{"code": "TOO_LONG", "field": "users"}]}}}`)
	if a := f.post(createUsers, vars{"input": vars{"users": many[1:]}}); a.path(t, "data", "createUsers", "results", 999, "user", "email") != "u1000@example.com" {
		t.Error(a.body)
	}
}

// brokenImports is a store that takes no users.
type brokenImports struct{ service.Store }

func (brokenImports) ImportUsers(context.Context, []service.ImportRow, service.ImportOptions) ([]service.ImportResult, error) {
	return nil, &service.UnavailableError{}
}

func TestCreateUsersFails(t *testing.T) {
	f := newFixture(t, setup{store: func(s service.Store) service.Store { return brokenImports{s} }})
	if a := f.post(createUsers, vars{"input": vars{"users": member("ada@example.com")}}); a.code(t) != "UNAVAILABLE" || a.path(t, "data", "createUsers") != nil {
		t.Error(a.body)
	}
}
