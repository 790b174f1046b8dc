package goclient

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/userd/userd/e2e/goclient/userdclient"
)

func TestLifeOfAUser(t *testing.T) {
	client := start(t)
	ada := create(t, client, "ada@example.com")

	got, err := client.GetUserWithResponse(t.Context(), ada.Id, nil)
	if err != nil || got.JSON200 == nil || *got.JSON200 != ada {
		t.Fatalf("get: %v, %s", err, got.Body)
	}

	name := "Augusta"
	version := got.HTTPResponse.Header.Get("ETag")
	seen := &userdclient.UpdateUserParams{IfMatch: &version}
	patch := userdclient.UpdateUser{FirstName: &name}
	updated, err := client.UpdateUserWithResponse(t.Context(), ada.Id, seen, patch)
	if err != nil || updated.JSON200 == nil || updated.JSON200.FirstName != name || updated.JSON200.Version != 2 {
		t.Fatalf("update: %v, %s", err, updated.Body)
	}
	if !updated.JSON200.CreatedAt.Equal(ada.CreatedAt) || updated.JSON200.UpdatedAt.Before(ada.UpdatedAt) {
		t.Errorf("times: %+v after %+v", updated.JSON200, ada)
	}

	name = "Countess"
	stale, err := client.UpdateUserWithApplicationMergePatchPlusJSONBodyWithResponse(t.Context(), ada.Id, seen, patch)
	if err != nil || stale.ApplicationproblemJSON412 == nil || stale.ApplicationproblemJSON412.Code != userdclient.ErrorCodeVERSIONCONFLICT {
		t.Fatalf("stale update: %v, %s", err, stale.Body)
	}

	deleted, err := client.DeleteUserWithResponse(t.Context(), ada.Id, nil)
	if err != nil || deleted.StatusCode() != http.StatusNoContent {
		t.Fatalf("delete: %v, %s", err, deleted.Body)
	}
	gone, err := client.GetUserWithResponse(t.Context(), ada.Id, nil)
	if err != nil || gone.ApplicationproblemJSON404 == nil || gone.ApplicationproblemJSON404.Code != userdclient.ErrorCodeUSERNOTFOUND {
		t.Fatalf("get after delete: %v, %s", err, gone.Body)
	}
}

func TestMistakesAreToldAtTheirFields(t *testing.T) {
	client := start(t)
	create(t, client, "ada@example.com")

	input := userdclient.CreateUser{Email: "ada", FirstName: "Ada", LastName: "Byron", Password: new("short")}
	wrong, err := client.CreateUserWithResponse(t.Context(), nil, input)
	if err != nil || wrong.ApplicationproblemJSON422 == nil {
		t.Fatalf("%v, %s", err, wrong.Body)
	}
	expectMistakes(t, wrong.ApplicationproblemJSON422, "email: INVALID", "password: TOO_SHORT")

	input.Email, input.Password = "ADA@example.com", new("difference engine")
	taken, err := client.CreateUserWithResponse(t.Context(), nil, input)
	if err != nil || taken.ApplicationproblemJSON409 == nil {
		t.Fatalf("%v, %s", err, taken.Body)
	}
	expectMistakes(t, taken.ApplicationproblemJSON409, "email: EMAIL_TAKEN")
}

func TestListsAndChanges(t *testing.T) {
	client := start(t)
	first, second := create(t, client, "ada@example.com"), create(t, client, "bob@example.com")

	limit, sort := 1, userdclient.ListUsersParamsSortMinusEmail
	page, err := client.ListUsersWithResponse(t.Context(), &userdclient.ListUsersParams{Limit: &limit, Sort: &sort})
	if err != nil || page.JSON200 == nil || len(*page.JSON200) != 1 || (*page.JSON200)[0] != second {
		t.Fatalf("users: %v, %s", err, page.Body)
	}

	changes, err := client.ListChangesWithResponse(t.Context(), &userdclient.ListChangesParams{UserId: &first.Id})
	if err != nil || changes.JSON200 == nil || len(*changes.JSON200) != 1 || (*changes.JSON200)[0].Kind != userdclient.Created {
		t.Fatalf("changes: %v, %s", err, changes.Body)
	}

	nobody := uuid.Must(uuid.NewV7())
	none, err := client.ListChangesWithResponse(t.Context(), &userdclient.ListChangesParams{UserId: &nobody})
	if err != nil || none.JSON200 == nil || len(*none.JSON200) != 0 {
		t.Fatalf("changes of nobody: %v, %s", err, none.Body)
	}
}

func create(t *testing.T, client *userdclient.ClientWithResponses, email string) userdclient.User {
	t.Helper()
	input := userdclient.CreateUser{Email: email, FirstName: "Ada", LastName: "Byron", Password: new("difference engine")}
	created, err := client.CreateUserWithResponse(t.Context(), nil, input)
	if err != nil || created.JSON201 == nil {
		t.Fatalf("create: %v, %s", err, created.Body)
	}
	return *created.JSON201
}

func expectMistakes(t *testing.T, problem *userdclient.Problem, want ...string) {
	t.Helper()
	if problem.Errors == nil || len(*problem.Errors) != len(want) {
		t.Fatalf("got %+v, want %v", problem, want)
	}
	for i, mistake := range *problem.Errors {
		if got := mistake.Field + ": " + string(mistake.Code); got != want[i] {
			t.Errorf("got %s, want %s", got, want[i])
		}
	}
}
