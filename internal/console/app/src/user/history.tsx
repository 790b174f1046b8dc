import { useEffect, useState } from 'preact/hooks';
import { run } from '../api/graphql';
import { GetHistory, type GetHistoryQuery, type UserChangeKind } from '../api/operations';
import { asProblem } from '../api/problem';
import { Time } from '../ui/time';
import { Trouble } from '../ui/trouble';
import { labelOf } from './fields';
import type { TabProps } from './tabs';

type Entry = GetHistoryQuery['changes']['nodes'][number];

const kinds: Record<UserChangeKind, string> = {
  CREATED: 'Created',
  UPDATED: 'Changed',
  EMAIL_CHANGED: 'E-mail address changed',
  EMAIL_VERIFIED: 'E-mail address verified',
  PASSWORD_CHANGED: 'Password changed',
  DELETED: 'Deleted',
};

/** What happened to a user, oldest first: when, by whom, and what changed. */
export function History({ user }: TabProps) {
  const [entries, setEntries] = useState<Entry[]>([]);
  const [next, setNext] = useState<{ after?: string | null; more: boolean }>({ more: true });
  const [problem, setProblem] = useState<string | null>(null);
  const [loading, setLoading] = useState(false);
  const [asked, setAsked] = useState(0); // the user's version when a page was last asked for

  const load = async () => {
    if (loading) return;
    setLoading(true);
    setAsked(user.version);
    try {
      const { changes } = await run(GetHistory, { id: user.id, after: next.after });
      setEntries((before) => [...before, ...changes.nodes]);
      setNext({ after: changes.pageInfo.endCursor ?? next.after, more: changes.pageInfo.hasNextPage });
      setProblem(null);
    } catch (error) {
      setProblem(asProblem(error).message);
    }
    setLoading(false);
  };
  // The log goes on where the last page ended; a change since then is read when there is nothing before it to be read.
  useEffect(() => {
    if (!loading && !problem && user.version > asked && (asked === 0 || !next.more)) void load();
  }, [user.version, loading]);

  return (
    <section class="history" aria-label="History" aria-busy={loading}>
      <ol>
        {entries.map((entry) => (
          <EntryItem key={entry.cursor} entry={entry} />
        ))}
      </ol>
      {!loading && !problem && entries.length === 0 && <p class="hint">The change log no longer goes back to this user’s changes.</p>}
      {problem && (
        <Trouble message={problem}>
          <button type="button" onClick={load}>
            Try again
          </button>
        </Trouble>
      )}
      {next.more && entries.length > 0 && !problem && (
        <button type="button" onClick={load}>
          Show more
        </button>
      )}
    </section>
  );
}

function EntryItem({ entry }: { entry: Entry }) {
  return (
    <li>
      <h3>{kinds[entry.kind]}</h3>
      <p class="by">
        by <strong>{entry.actor}</strong> on <Time at={entry.at} precise />
      </p>
      {entry.fields.length > 0 && (
        <dl>
          {entry.fields.map(({ field, old, new: now }) => (
            <div key={field}>
              <dt>{labelOf(field)}</dt>
              <dd>
                {typeof old === 'string' && (
                  <>
                    <del>{valueOf(field, old)}</del> <span aria-hidden="true">→</span>{' '}
                  </>
                )}
                {typeof now === 'string' ? <ins>{valueOf(field, now)}</ins> : <span class="hint">{absences[field] ?? 'erased'}</span>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p class="hint">
        Version {entry.version} · request <span class="mono">{entry.requestId}</span>
      </p>
    </li>
  );
}

// Why there is no value after a change. Those of a user who was deleted are erased.
const absences: Record<string, string> = { password: 'not shown', emailVerifiedAt: 'no' };

function valueOf(field: string, value: string) {
  if (field === 'isActive') return value === 'true' ? 'yes' : 'no';
  return field === 'emailVerifiedAt' ? <Time at={value} precise /> : value;
}
