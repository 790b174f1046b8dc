import { useState } from 'preact/hooks';
import { run } from '../api/graphql';
import { EndSession, EndSessions, ListSessions, type ListSessionsQuery } from '../api/operations';
import type { User } from '../live';
import { fullName } from '../ui/avatar';
import { Confirm } from '../ui/dialog';
import { type Loaded, useLoaded } from '../ui/load';
import { say } from '../ui/notice';
import { Time } from '../ui/time';
import { Trouble } from '../ui/trouble';
import type { TabProps } from './tabs';
import { messages, mistakesIn } from './update';

type Session = ListSessionsQuery['sessions'][number];

/** A session that is or was listed: one that has ended meanwhile stays in its place, so that nothing moves. */
type Listed = Session & { ended: boolean };

/** Where a user is signed in, the oldest session first. */
export function Sessions({ user }: TabProps) {
  const [ending, setEnding] = useState<Session | 'all' | null>(null);
  // A change of the user, such as a new password, may have ended sessions.
  const list: Loaded<Listed[]> = useLoaded(`${user.version}`, async (signal) => {
    const { sessions } = await run(ListSessions, { userId: user.id }, { signal });
    return merge(list.value ?? [], sessions);
  });
  const going = list.value?.filter((one) => !one.ended).length;
  const close = () => setEnding(null);
  return (
    <section class="sessions" aria-label="Sessions" aria-busy={list.loading}>
      <div class="session">
        <p class="hint">{going === undefined ? '' : summary(going)}</p>
        <button type="button" class="danger" aria-disabled={!going} onClick={() => going && setEnding('all')}>
          End all…
        </button>
      </div>
      <ol>
        {list.value?.map((one) => (
          <SessionItem key={one.id} session={one} onEnd={() => setEnding(one)} />
        ))}
      </ol>
      {list.problem && !list.loading && (
        <Trouble message={list.problem.message}>
          <button type="button" onClick={() => list.again()}>
            Try again
          </button>
        </Trouble>
      )}
      {ending === 'all' && <EndAllDialog user={user} onDone={list.again} onClose={close} />}
      {ending && ending !== 'all' && <EndDialog user={user} session={ending} onDone={list.again} onClose={close} />}
    </section>
  );
}

function merge(before: Listed[], now: Session[]): Listed[] {
  const current = new Map(now.map((one) => [one.id, one]));
  const kept = before.map((one) => ({ ...one, ...current.get(one.id), ended: !current.has(one.id) }));
  const known = new Set(before.map((one) => one.id));
  return [...kept, ...now.filter((one) => !known.has(one.id)).map((one) => ({ ...one, ended: false }))];
}

function summary(going: number): string {
  if (going === 0) return 'The user is not signed in anywhere.';
  return going === 1 ? '1 session' : `${going} sessions`;
}

function nameOf(session: Session): string {
  return session.label || 'Session without a label';
}

function SessionItem({ session, onEnd }: { session: Listed; onEnd(): void }) {
  const { ended } = session;
  return (
    <li class={ended ? 'ended' : undefined}>
      <div class="session">
        <h3>{nameOf(session)}</h3>
        {session.isCurrent && <span class="pill good">Current</span>}
        {/* One button all the time: it has the focus when the session ends. */}
        <button type="button" aria-disabled={ended} onClick={() => ended || onEnd()}>
          <span key={`${ended}`}>{ended ? 'Ended' : 'End…'}</span>
          <span class="hidden"> {nameOf(session)}</span>
        </button>
      </div>
      <dl class="facts">
        <dt>Signed in</dt>
        <dd>
          <Time at={session.createdAt} precise />
        </dd>
        <dt>Last refreshed</dt>
        <dd>
          <Time at={session.refreshedAt} precise />
        </dd>
        <dt>Expires</dt>
        <dd>
          <Time at={session.expiresAt} precise />
        </dd>
      </dl>
    </li>
  );
}

interface EndProps {
  user: User;
  /** Called when sessions are other than they were listed. */
  onDone(): void;
  onClose(): void;
}

function EndDialog({ user, session, onDone, onClose }: EndProps & { session: Session }) {
  const end = async () => {
    const { endSession } = await run(EndSession, { input: { userId: user.id, sessionId: session.id } });
    onDone(); // also where the session had ended before
    const mistakes = mistakesIn(endSession?.errors);
    if (mistakes.length > 0) return messages(mistakes);
    onClose();
    say(`${nameOf(session)} was ended.`);
  };
  return (
    <Confirm title={`End ${nameOf(session)}?`} action="End session" onConfirm={end} onClose={onClose}>
      <p>
        Whoever uses this session of <strong>{user.email}</strong> is signed out, and has to sign in again. {lingering}
        {session.isCurrent && ' This page uses it, too.'}
      </p>
    </Confirm>
  );
}

function EndAllDialog({ user, onDone, onClose }: EndProps) {
  const end = async () => {
    const { endSessions } = await run(EndSessions, { input: { userId: user.id } });
    const mistakes = mistakesIn(endSessions?.errors);
    if (mistakes.length > 0) return messages(mistakes);
    onDone();
    onClose();
    say(`${fullName(user)} is signed out everywhere.`);
  };
  return (
    <Confirm title={`Sign ${fullName(user)} out everywhere?`} action="End all sessions" onConfirm={end} onClose={onClose}>
      <p>
        All sessions of <strong>{user.email}</strong> end, also those that are not listed yet. {lingering}
      </p>
    </Confirm>
  );
}

const lingering = 'Services that verify access tokens by themselves take one until it is over.';
