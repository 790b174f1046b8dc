package asset

import "strings"

// Policy is a content security policy that lets a page load nothing but what directives name.
func Policy(directives ...string) string {
	closed := []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}
	return strings.Join(append(closed, directives...), "; ")
}
