package service

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// signingKeyFor is how long a key signs before another one does.
	signingKeyFor = 90 * 24 * time.Hour
	// publishedBefore is how long a key is published at least before it signs, so
	// that whoever keeps the published ones for a while knows it in time.
	publishedBefore = time.Hour
	// kindSigningKeys is the kind of the one item that holds all signing keys.
	kindSigningKeys ItemKind = "signing-keys"
)

// signingKey is an Ed25519 key (RFC 8032) that access tokens are signed with.
type signingKey struct {
	Seed []byte `json:"seed"`
	// From is when it begins to sign. It ends when the next one begins.
	From time.Time `json:"from"`

	id      string // RFC 7638's thumbprint
	private ed25519.PrivateKey
}

// PublicKey verifies access tokens.
type PublicKey struct {
	// ID is the JWK's kid, which tokens name: its thumbprint (RFC 7638).
	ID  string
	Key ed25519.PublicKey
}

func newSigningKey(from time.Time, random [32]byte) signingKey {
	k := signingKey{Seed: random[:], From: from}
	k.prepare()
	return k
}

// prepare derives what is not kept.
func (k *signingKey) prepare() {
	k.private = ed25519.NewKeyFromSeed(k.Seed)
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":"%s"}`, base64.RawURLEncoding.EncodeToString(k.public())))
	k.id = base64.RawURLEncoding.EncodeToString(sum[:])
}

func (k *signingKey) public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// signingKeys are the keys of all copies of the service. They are one item of
// the store, so that of two copies that change them one wins and the other
// reads what has come of it.
type signingKeys struct {
	store  Store
	now    func() time.Time
	random func() [32]byte
	late   *lately[keptKeys]
}

// keptKeys are the signing keys as they were read, in the order in which they
// sign.
type keptKeys struct {
	keys  []signingKey
	value []byte // of the item; nil if there is none
}

func newSigningKeys(store Store, now func() time.Time, random func() [32]byte) *signingKeys {
	k := &signingKeys{store: store, now: now, random: random}
	k.late = newLately(k.read)
	return k
}

func (k *signingKeys) timestamp() time.Time { return k.now().UTC().Truncate(time.Microsecond) }

func (k *signingKeys) read(ctx context.Context) (keptKeys, error) {
	i, err := k.store.Item(ctx, kindSigningKeys, ItemKey{}, k.timestamp())
	if _, none := errors.AsType[*ItemNotFoundError](err); none {
		return keptKeys{}, nil
	}
	if err != nil {
		return keptKeys{}, err
	}
	kept := keptKeys{value: i.Value}
	if err := json.Unmarshal(i.Value, &kept.keys); err != nil {
		return keptKeys{}, fmt.Errorf("the signing keys that are kept cannot be read: %w", err)
	}
	for i := range kept.keys {
		if len(kept.keys[i].Seed) != ed25519.SeedSize {
			return keptKeys{}, errors.New("a signing key that is kept is none")
		}
		kept.keys[i].prepare()
	}
	return kept, nil
}

// find returns the key with this id, if there is one. One that another copy has
// made since keys were read is found, too.
func (k *signingKeys) find(ctx context.Context, id string) (signingKey, error) {
	for _, read := range []func(context.Context) (keptKeys, error){k.late.get, k.late.anew} {
		kept, err := read(ctx)
		if err != nil {
			return signingKey{}, err
		}
		if i := slices.IndexFunc(kept.keys, func(k signingKey) bool { return k.id == id }); i >= 0 {
			return kept.keys[i], nil
		}
	}
	return signingKey{}, &UnauthenticatedError{Invalid: true}
}

// current returns the key that signs now, and all that are to be published.
// Where it is time for another one it makes that first.
func (k *signingKeys) current(ctx context.Context) (signs signingKey, published []signingKey, err error) {
	kept, err := k.late.get(ctx)
	if err != nil {
		return signingKey{}, nil, err
	}
	published = kept.keys
	if _, due := k.renewed(kept.keys, k.timestamp()); due {
		changed, err := k.change(ctx, k.renewed)
		if err == nil {
			published = changed
		} else if len(published) == 0 {
			return signingKey{}, nil, err
		} // otherwise the old ones do until the store takes changes
	}
	signs = published[0]
	for _, key := range published {
		if !key.From.After(k.now()) {
			signs = key
		}
	}
	return signs, published, nil
}

// change has the keys be what next makes of them, unless it says that nothing is
// to be changed, and returns them.
func (k *signingKeys) change(ctx context.Context, next func(keys []signingKey, now time.Time) ([]signingKey, bool)) ([]signingKey, error) {
	defer k.late.forget()
	for {
		kept, err := k.read(ctx)
		if err != nil {
			return nil, err
		}
		now := k.timestamp()
		keys, due := next(kept.keys, now)
		if !due {
			return keys, nil // another copy was faster
		}
		value, _ := json.Marshal(keys) // bytes and times of four digits: cannot fail
		item := Item{Kind: kindSigningKeys, Value: value}
		err = k.store.ChangeItems(ctx, now, []ItemChange{{Kind: kindSigningKeys, Was: kept.value, New: &item}})
		if !isItemConflict(err) {
			return keys, err
		}
	}
}

// renewed returns the keys that there are to be now, and whether these are
// others: one follows the newest in time, and those go whose last token is over.
func (k *signingKeys) renewed(keys []signingKey, now time.Time) ([]signingKey, bool) {
	if len(keys) == 0 {
		return []signingKey{newSigningKey(now, k.random())}, true
	}
	gone := 0
	for gone+1 < len(keys) && !keys[gone+1].From.Add(MaxAccessTokenLifetime).After(now) {
		gone++
	}
	keys = slices.Clone(keys[gone:])
	ends, soonest := keys[len(keys)-1].From.Add(signingKeyFor), now.Add(publishedBefore)
	if ends.After(soonest) {
		return keys, gone > 0
	}
	return append(keys, newSigningKey(soonest, k.random())), true
}

// replaced returns one new key in the place of all others.
func (k *signingKeys) replaced(_ []signingKey, now time.Time) ([]signingKey, bool) {
	return []signingKey{newSigningKey(now, k.random())}, true
}

// PublicKeys returns the keys by which anybody can verify access tokens, for
// everybody: those that sign, that are about to, and that have signed what is not
// over yet. A key is published for an hour at least before it signs, unless it is
// the first one or made by [Service.RotateSigningKey]. It may return
// *[UnavailableError].
func (s *Service) PublicKeys(ctx context.Context) ([]PublicKey, error) {
	_, keys, err := s.signing.current(ctx)
	public := make([]PublicKey, len(keys))
	for i, k := range keys {
		public[i] = PublicKey{k.id, k.public()}
	}
	return public, err
}

// RotateSigningKey makes a new signing key and drops all others at once, for the
// emergency that one has become known: no access token is good any more, here at
// once and on other copies within a second. Sessions stay, and get new tokens
// when they are refreshed. It returns the new key.
func (s *Service) RotateSigningKey(ctx context.Context) (PublicKey, error) {
	if err := s.require(ctx, ScopeAdmin); err != nil {
		return PublicKey{}, err
	}
	keys, err := s.signing.change(ctx, s.signing.replaced)
	if err != nil {
		return PublicKey{}, err
	}
	return PublicKey{keys[0].id, keys[0].public()}, nil
}
