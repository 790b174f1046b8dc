package bench

// A goal is a figure that is measured in rounds, and what it should be.
type goal struct {
	name, unit string
	// bound is what the median should be at least or at most; zero means that
	// the figure is only told.
	bound  float64
	atMost bool
}

func atLeast(name, unit string, bound float64) goal { return goal{name, unit, bound, false} }
func atMost(name, unit string, bound float64) goal  { return goal{name, unit, bound, true} }

func (g goal) met(median float64) bool {
	return g.bound == 0 || g.atMost && median <= g.bound || !g.atMost && median >= g.bound
}

// Names of the goals that several places need.
const (
	hashRate  = "POST /users with %d clients, of raw argon2id with as many slots"
	pagesFile = "page of 50, the slowest of all kinds: time among %d users, of that among 1 000, file"
	pagesSQL  = "page of 50, the slowest of all kinds: time among %d users, of that among 1 000, PostgreSQL"
)

// goals are told in this order. Where a name has a number in it, it is a
// parameter of the run.
func (p parameters) goals() []goal {
	all := []goal{
		atLeast("GET /users/{id}, of bare net/http", "", 0.85),
		atLeast("GET /users, 50 users, of bare net/http", "", 0.6),
		atLeast("GraphQL user(id) of 7 fields, of GET /users/{id}", "", 0.65),
		atLeast("GraphQL users(first: 50) of 7 fields, of GET /users", "", 0.8),
	}
	for _, peer := range peerNames {
		all = append(all, atLeast("GraphQL user(id), of "+peer, "", 1))
	}
	for _, peer := range peerNames {
		g := atLeast("GraphQL users(first: 50), of "+peer, "", 0)
		if peer == "mercurius" {
			g.bound = 1
		}
		all = append(all, g)
	}
	for _, clients := range p.creators {
		all = append(all, atLeast(named(hashRate, clients), "", 0.95))
	}
	return append(all,
		atMost("resident memory at most, while clients create users", "MiB", 256),
		atMost("GET p99 while 64 clients create users", "ms", 10),
		atLeast("durable PUT /users/{id}/email, 64 clients, of the same without a file", "", 0.7),
		atLeast("durable PUT /users/{id}/email, 64 clients, of bare net/http with append and fdatasync", "", 0),
		atMost(named(pagesFile, p.manyUsers), "", 1.3),
		atMost(named(pagesSQL, p.manyUsers), "", 1.5),
		atMost("live heap for each user, indexes included", "bytes", 500),
		atMost("longest GC pause under changes, a bound of its p99", "ms", 1),
		atMost("live feed: p99 from sending a change to its delivery", "ms", 250),
		atMost("live feed: resident memory for each subscriber", "KB", 40),
		atMost("live feed, two copies on PostgreSQL: p99 from sending a change to its delivery", "ms", 0),
		atMost("live feed, two copies on PostgreSQL: resident memory for each subscriber", "KB", 0),
		atMost("start to ready, empty", "ms", 50),
		atMost(named("start to ready, %d users in a file", p.manyUsers), "s", 5),
		atLeast("GET /users/{id} on PostgreSQL, of pgbench with its statement", "", 0),
		atLeast("PUT /users/{id}/email on PostgreSQL, of pgbench with its transaction", "", 0),
		atLeast("PUT /users/{id}/email on PostgreSQL, of pgbench with the two statements that write", "", 0),
		atMost("binary", "MB", 35),
		atMost("binary compressed, all but some KB of the image", "MB", 20),
	)
}
