package bench

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// parameters of a run.
type parameters struct {
	quick bool
	// rounds is how often each contender has its turn, and turn how long one lasts.
	rounds int
	turn   time.Duration
	// warm is how long each contender runs before its first turn: Node compiles
	// what is hot only after seconds.
	warm time.Duration
	// connections is how many clients there are where a goal names no number.
	connections int
	// manyUsers is how many users are many.
	manyUsers int
	// creators are how many clients create users at a time.
	creators []int
	// subscribers follow changesASecond, for feedTime.
	subscribers, changesASecond int
	feedTime                    time.Duration
}

// ofEnvironment are the parameters of the goals, with as many rounds as ROUNDS
// says, or with QUICK such that all is run once and the figures mean nothing.
func ofEnvironment() parameters {
	if os.Getenv("QUICK") != "" {
		return parameters{quick: true, rounds: 1, turn: time.Second, warm: time.Second, connections: 32, manyUsers: 20_000, creators: []int{1, 64},
			subscribers: 100, changesASecond: 100, feedTime: time.Second}
	}
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil && n > 0 {
		rounds = n
	}
	return parameters{rounds: rounds, turn: 3 * time.Second, warm: 4 * time.Second, connections: 32, manyUsers: 1_000_000, creators: []int{1, 16, 64, 256},
		subscribers: 5000, changesASecond: 200, feedTime: 15 * time.Second}
}

// lab is where all measurements of a run end up.
type lab struct {
	parameters
	userd   string // the program
	results map[string][]float64
	details []detail
}

// detail is what is told about a measurement beside the goals.
type detail struct {
	title string
	names []string // in order
	turns map[string][]turn
}

// turn is what one contender did in one round.
type turn struct {
	rate float64 // requests answered a second
	p99  float64 // of their latency, in milliseconds
	cpu  float64 // of the server for each of them, in microseconds
}

// note notes the figures of one goal, one a round.
func (l *lab) note(t testing.TB, name string, figures ...float64) {
	t.Helper()
	if !slices.ContainsFunc(l.goals(), func(g goal) bool { return g.name == name }) {
		t.Fatalf("%q is no goal", name)
	}
	l.results[name] = append(l.results[name], figures...)
	t.Logf("%s: %s", name, summary(figures))
}

// contend gives each contender its turn, which lasts that long, in each round,
// each time in another order, and notes the details.
func (l *lab) contend(t testing.TB, title string, lasting time.Duration, contenders ...contender) map[string][]turn {
	t.Helper()
	d := detail{title: title, turns: make(map[string][]turn)}
	for _, c := range contenders {
		d.names = append(d.names, c.name)
		l.load(t, c, min(l.warm, 2*lasting))
	}
	for round := range l.rounds {
		for i := range contenders {
			c := contenders[(i+round)%len(contenders)]
			d.turns[c.name] = append(d.turns[c.name], l.load(t, c, lasting))
		}
	}
	l.details = append(l.details, d)
	return d.turns
}

// ratios are those of the rates, round by round.
func ratios(turns map[string][]turn, name, limit string) (r []float64) {
	for i := range turns[name] {
		r = append(r, turns[name][i].rate/turns[limit][i].rate)
	}
	return r
}

func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func spread(figures []float64) string {
	return number(slices.Min(figures)) + "–" + number(slices.Max(figures))
}

func summary(figures []float64) string { return number(median(figures)) + " (" + spread(figures) + ")" }

// number writes three significant digits, or all before the point.
func number(x float64) string {
	if x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	s := strconv.FormatFloat(x, 'g', 3, 64)
	if strings.Contains(s, "e") {
		return strconv.FormatFloat(x, 'f', 6, 64)
	}
	return s
}

// named is a goal's name with a parameter of the run in it, in groups of three digits.
func named(name string, n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return strings.Replace(name, "%d", digits, 1)
}

// shape is the machine and the parameters, for the report.
func (p parameters) shape() string {
	return fmt.Sprintf("%d rounds; a turn takes %v, and %v where pages are compared, after up to %v to get warm; wrk has one thread and %d connections unless a row says otherwise",
		p.rounds, p.turn, p.turn/3, p.warm, p.connections)
}
