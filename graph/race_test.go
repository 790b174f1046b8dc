package graph_test

import (
	"fmt"
	"sync"
	"testing"
)

// TestOneDocumentInManyRequests: accepted documents are shared.
func TestOneDocumentInManyRequests(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				a := f.post(fmt.Sprintf(`query ($id: ID!, $yes: Boolean = true) { user(id: $id) { ...F } } fragment F on User { id firstName @include(if: $yes) } # %d`, j),
					vars{"id": id(1 + i%2)})
				if (a.code(t) == "") != (i%2 == 0) {
					t.Errorf("%d: %s", i, a.body)
				}
			}
		})
	}
	wg.Wait()
}
