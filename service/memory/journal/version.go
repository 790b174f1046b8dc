package journal

import (
	"fmt"
	"slices"

	sqlite3 "modernc.org/sqlite/lib"
)

// oldestSQLite is the first release whose WAL cannot lose a commit when it is
// reset while another connection checkpoints (SQLite 3.51.3, "WAL-reset bug").
var oldestSQLite = []int{3, 51, 3}

// linkedSQLite is the release that this program is built with.
func linkedSQLite() string { return sqlite3.SQLITE_VERSION }

// checkSQLite refuses a release of SQLite that can lose commits.
func checkSQLite(release string) error {
	v := make([]int, 3)
	if _, err := fmt.Sscanf(release, "%d.%d.%d", &v[0], &v[1], &v[2]); err != nil {
		return fmt.Errorf("%q is not a version of SQLite", release)
	}
	if slices.Compare(v, oldestSQLite) < 0 {
		return fmt.Errorf("SQLite %s can lose commits; build userd with 3.51.3 or newer", release)
	}
	return nil
}
