package exec_test

import "testing"

// TestUserByAVariableAndALiteral: the id comes to the same, and so do its
// mistakes, however it is given.
func TestUserByAVariableAndALiteral(t *testing.T) {
	const missing, none = `\"01890a5d-ac96-774b-bcce-b302099a8057\"`, `\"none\"`
	const notFound, invalid = `"message":"No user has this id.","path":["user"]`, `"path":["user"]`
	answers(t, map[string]string{
		`query($id: ID! = ` + missing + `) { user(id: $id) { id } }`: notFound,
		`{ user(id: ` + missing + `) { id } }`:                       notFound,
		`query($id: ID! = ` + none + `) { user(id: $id) { id } }`:    invalid,
		`{ user(id: ` + none + `) { id } }`:                          invalid,
		`{ user(id: 5) { id } }`:                                     invalid,
	})
}
