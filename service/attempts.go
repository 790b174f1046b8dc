package service

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// This file holds up who guesses passwords. Each attempt is counted before
// anything is hashed, and taken back when it turns out to be right:
//
//   - for the account, which is the e-mail address, whether it is somebody's or not;
//   - for the client, where it is known who that is;
//   - for both of them together.
//
// Some failures cost nothing. After each further one nobody may try for a while,
// which doubles from firstWait up to longestWait; what is tried meanwhile is
// refused, hashes nothing and does not count. Counts are items of the store,
// and so are those of all copies of the service.
//
// A client that has logged in to an account is known there, and from then on only
// what it does itself to that account holds it up: so a stranger cannot keep people from
// logging in where they usually are, and elsewhere only for as long as the attack goes on.
//
// How many counts there are at most: each attempt adds three, which end an hour after
// the last failure, or four hours where they make anybody wait, which takes six attempts. A
// slot of the gate hashes some 50 passwords a second, so that an attack which
// never rests has 3·50·3600 + 2·50·4·3600/6 = 660 000 counts for each slot.

const (
	freeAttempts         = 5  // failures of an account, or of a client at one, that cost nothing
	freeAttemptsOfClient = 20 // of a client at all accounts, since many people can be behind one address

	firstWait   = time.Second
	longestWait = 15 * time.Minute

	// keepFree and keepWaiting are how long failures count after the last one. To wait until they
	// do not lets nobody guess more often than going on at the longest wait.
	keepFree    = time.Hour
	keepWaiting = 4 * time.Hour

	// knownFor is how long a client stays known to an account after it has logged in.
	knownFor = 30 * 24 * time.Hour
	// renewKnown is by how much that must have gone down to be written anew.
	renewKnown = 24 * time.Hour
	// maxKnown is how many clients are known to an account.
	maxKnown = 20

	// maxConflicts is how often a count is read anew when others change it.
	maxConflicts = 20
	// longestYield is how long it is left to those others at most, each time.
	longestYield = 16 * time.Millisecond
)

const (
	attemptsItem ItemKind = "attempts"
	knownItem    ItemKind = "known-client"
)

// attempt is one of showing a password, and what counts for it.
type attempt struct {
	counts []count // of the account; where there is a client, then of the client and of both
	known  Item    // that the client is known to the account; without a value where it is not
}

func newAttempt(in credentials) *attempt {
	email := in.email.Key
	if email == "" {
		email = in.email.Value
	}
	a := &attempt{counts: []count{{key: itemKey("account", email), free: freeAttempts, ofUser: true}}}
	if in.client != "" {
		a.counts = append(a.counts,
			count{key: itemKey("client", in.client), free: freeAttemptsOfClient},
			count{key: itemKey("both", email, in.client), free: freeAttempts, ofUser: true})
		a.known = Item{Kind: knownItem, Key: itemKey("known", email, in.client)}
	}
	return a
}

// clientOf is who makes an attempt in ctx, if it is named so, and "" where nobody
// can tell: a caller with a key acts for many.
func clientOf(ctx context.Context, named *string) string {
	if named != nil {
		if addr, err := netip.ParseAddr(*named); err == nil {
			return clientAt(addr).String()
		}
		return *named
	}
	if client := ClientOf(ctx); client.IsValid() && ActorOf(ctx).isAnonymous() {
		return client.String()
	}
	return ""
}

// itemKey is the key of what these texts are about.
func itemKey(texts ...string) ItemKey {
	var joined []byte
	for _, text := range texts {
		sum := sha256.Sum256([]byte(text))
		joined = append(joined, sum[:]...)
	}
	return sha256.Sum256(joined)
}

// mayAttempt reads what counts for a. It returns *[RateLimitedError] when it is
// not the time for an attempt.
func (s *Service) mayAttempt(ctx context.Context, a *attempt) error {
	if err := s.readAttempt(ctx, a); err != nil {
		return err
	}
	return a.wait(s.timestamp())
}

// count counts a as a failure: of the user with this id, if there is one. Its errors are those
// of mayAttempt, as others make attempts, too.
func (s *Service) count(ctx context.Context, a *attempt, user uuid.UUID) error {
	for n := range maxConflicts {
		at := s.timestamp()
		if err := a.wait(at); err != nil {
			return err
		}
		next := a.failed(at)
		err := s.store.ChangeItems(ctx, at, a.changes(next, user, at))
		switch {
		case err == nil:
			a.counts = next
			return nil
		case CodeOf(err) == CodeUserNotFound:
			user = uuid.Nil // deleted meanwhile
			continue
		case !isItemConflict(err):
			return err
		}
		yieldToOthers(ctx, n)
		if err := s.readAttempt(ctx, a); err != nil {
			return err
		}
	}
	return &UnavailableError{Reason: "Too many attempts are being made at once; try again in a moment.", RetryAfter: time.Second}
}

// forgive takes back what the client has failed at the account on its way to the right
// password, and makes it known there. It is no reason to turn the user away when that
// cannot be done.
func (s *Service) forgive(ctx context.Context, a *attempt, user uuid.UUID) {
	for n := range maxConflicts {
		at := s.timestamp()
		changes, err := s.remember(ctx, a, user, at)
		if err == nil {
			changes = append(changes, a.changes(a.forgiven(), user, at)...)
			err = s.store.ChangeItems(ctx, at, changes)
		}
		if !isItemConflict(err) {
			return
		}
		yieldToOthers(ctx, n)
		if s.readAttempt(ctx, a) != nil {
			return
		}
	}
}

// yieldToOthers waits after the nth conflict for a while that is random, so that of
// many who change one count each comes to it, and longer the more of them there seem to be.
func yieldToOthers(ctx context.Context, n int) {
	longest := min(time.Millisecond<<n, longestYield)
	timer := time.NewTimer(rand.N(longest)) // #nosec G404 -- it is no secret
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// remember are the changes by which a's client is known to the user's account, and
// the one that was there longest ago no longer, where there are too many.
func (s *Service) remember(ctx context.Context, a *attempt, user uuid.UUID, at time.Time) ([]ItemChange, error) {
	until := at.Add(knownFor)
	if a.known.Kind == "" || until.Sub(a.known.ExpiresAt) < renewKnown {
		return nil, nil
	}
	i := a.known
	i.User, i.Value, i.ExpiresAt = user, []byte("known"), until
	changes := []ItemChange{{Kind: i.Kind, Key: i.Key, Was: a.known.Value, New: &i}}
	if a.isKnown() {
		return changes, nil
	}
	all, err := s.store.Items(ctx, ItemQuery{Kind: knownItem, User: user, Limit: maxKnown, At: at})
	if len(all) == maxKnown {
		oldest := all[0]
		for _, k := range all {
			if k.ExpiresAt.Before(oldest.ExpiresAt) {
				oldest = k
			}
		}
		changes = append(changes, ItemChange{Kind: oldest.Kind, Key: oldest.Key, Was: oldest.Value})
	}
	return changes, err
}

// readAttempt reads what counts for a.
func (s *Service) readAttempt(ctx context.Context, a *attempt) error {
	at := s.timestamp()
	for i := range a.counts {
		c := &a.counts[i]
		item, err := s.itemIfThere(ctx, attemptsItem, c.key, at)
		if err != nil {
			return err
		}
		if c.was, c.tally = item.Value, (tally{}); c.was != nil {
			if err := json.Unmarshal(c.was, &c.tally); err != nil {
				return err
			}
		}
		c.before = c.Last
	}
	if a.known.Kind == "" {
		return nil
	}
	item, err := s.itemIfThere(ctx, a.known.Kind, a.known.Key, at)
	a.known.Value, a.known.ExpiresAt = item.Value, item.ExpiresAt
	return err
}

// itemIfThere is the item, or one without a value.
func (s *Service) itemIfThere(ctx context.Context, kind ItemKind, key ItemKey, at time.Time) (Item, error) {
	i, err := s.store.Item(ctx, kind, key, at)
	if _, none := errors.AsType[*ItemNotFoundError](err); none {
		err = nil
	}
	return i, err
}

func (a *attempt) isKnown() bool { return a.known.Value != nil }

// own is the count of what the client does at this account. Where there is no
// client, that is all that is done there.
func (a *attempt) own() count { return a.counts[len(a.counts)-1] }

// wait returns *[RateLimitedError] when it is not the time for an attempt.
func (a *attempt) wait(at time.Time) error {
	counts := a.counts
	if a.isKnown() {
		counts = []count{a.own()}
	}
	var wait time.Duration
	for _, c := range counts {
		wait = max(wait, c.wait(at))
	}
	if wait > 0 {
		return &RateLimitedError{Reason: "Too many attempts have failed; try again later.", RetryAfter: wait}
	}
	return nil
}

// failed are a's counts with one failure more.
func (a *attempt) failed(at time.Time) []count {
	next := make([]count, len(a.counts))
	for i, c := range a.counts {
		c.Failures++
		c.Last = max(c.Last, at.UnixMicro())
		next[i] = c.encoded()
	}
	return next
}

// forgiven are a's counts without what the client has failed at this account.
// Where nobody else has failed meanwhile, this attempt is as if it had not been.
func (a *attempt) forgiven() []count {
	own := a.own().Failures
	next := make([]count, len(a.counts))
	for i, c := range a.counts {
		c.Failures, c.Last = max(0, c.Failures-own), c.before
		next[i] = c.encoded()
	}
	return next
}

// changes put next in the place of a's counts.
func (a *attempt) changes(next []count, user uuid.UUID, at time.Time) []ItemChange {
	var changes []ItemChange
	for i, c := range next {
		change := ItemChange{Kind: attemptsItem, Key: c.key, Was: a.counts[i].was}
		if until := c.until(); c.Failures > 0 && until.After(at) {
			change.New = &Item{Kind: attemptsItem, Key: c.key, Value: c.was, ExpiresAt: until}
			if c.ofUser {
				change.New.User = user
			}
		}
		changes = append(changes, change)
	}
	return changes
}
