import { useId, useRef, useState } from 'preact/hooks';
import { useStore } from '../store';
import { Icon } from '../ui/icon';
import { cancel, forget, importFile, type Progress, progress } from './importer';
import { mostShown } from './refused';

/** Imports users from a file. */
export function ImportView() {
  const now = useStore(progress);
  return (
    <main id="main" class="import">
      <div class="heading">
        <h1>Import users</h1>
      </div>
      {now ? <Report now={now} /> : <Chooser />}
    </main>
  );
}

function Chooser() {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file) void importFile(file);
  };
  return (
    <div class="card chooser">
      <div
        class={over ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer?.files);
        }}
      >
        <Icon name="upload" />
        <p id={`${id}-text`}>Drop a CSV or NDJSON file here, or choose one.</p>
        <label for={`${id}-file`} class="hidden">
          File of users
        </label>
        <input
          ref={input}
          id={`${id}-file`}
          type="file"
          class="hidden"
          tabIndex={-1}
          accept=".csv,.ndjson,.jsonl,.json,text/csv,application/x-ndjson"
          onChange={(event) => take(event.currentTarget.files)}
        />
        <button type="button" class="primary" aria-describedby={`${id}-text`} onClick={() => input.current!.click()}>
          Choose a file…
        </button>
      </div>
      <h2>What is in the file</h2>
      <p>
        Each row is a user with <code>email</code>, <code>first_name</code> and <code>last_name</code>, and if you like{' '}
        <code>password</code> and <code>is_active</code>. A user without a password cannot log in until one is set.
      </p>
      <div class="samples">
        <figure>
          <figcaption>CSV, with a header</figcaption>
          <pre tabIndex={0}>{'email,first_name,last_name,is_active\nada@example.com,Ada,Lovelace,true\ngrace@example.com,Grace,Hopper,'}</pre>
        </figure>
        <figure>
          <figcaption>NDJSON, an object a line</figcaption>
          <pre tabIndex={0}>{'{"email":"ada@example.com","first_name":"Ada","last_name":"Lovelace"}'}</pre>
        </figure>
      </div>
      <p class="hint">
        Good rows are created and wrong ones are listed with the reason. To keep ids, times and password hashes of another system, use{' '}
        <code>userd import</code>.
      </p>
    </div>
  );
}

const headings: Record<Progress['phase'], string> = {
  running: 'Importing',
  done: 'Imported',
  cancelled: 'Cancelled',
  failed: 'Stopped',
};

function Report({ now }: { now: Progress }) {
  const { phase, refused } = now;
  const percent = now.size > 0 ? Math.floor((100 * now.read) / now.size) : 100;
  const isRunning = phase === 'running';
  return (
    <div class="card report">
      <h2 key={phase}>
        {headings[phase]} <span class="file">{now.file}</span>
      </h2>
      <progress max={100} value={percent} aria-label={`Import of ${now.file}`} />
      <dl class="figures">
        <div>
          <dt>Read</dt>
          <dd>{`${percent} %`}</dd>
        </div>
        <div>
          <dt>Created</dt>
          <dd>{now.created.toLocaleString()}</dd>
        </div>
        <div>
          <dt>Refused</dt>
          <dd>{refused.rows.toLocaleString()}</dd>
        </div>
      </dl>
      <div class="outcome">
        <p role="status">{isRunning ? '' : summary(now)}</p>
        <p class="problem" role="alert">{now.problem}</p>
      </div>
      <div class="buttons">
        {isRunning ? (
          <button key="cancel" type="button" onClick={cancel}>
            Cancel
          </button>
        ) : (
          <button key="another" type="button" class="primary" onClick={forget}>
            Import another file
          </button>
        )}
        {refused.rows > 0 && (
          <button key="download" type="button" onClick={() => download(refused.file(), `${now.file}.refused.csv`)}>
            Download refused rows
          </button>
        )}
      </div>
      {refused.shown.length > 0 && <RefusedTable now={now} />}
    </div>
  );
}

function summary({ phase, created, refused }: Progress): string {
  const counts = `${created.toLocaleString()} created, ${refused.rows.toLocaleString()} refused.`;
  return phase === 'done' ? `Done: ${counts}` : `Not all of the file was read. So far: ${counts}`;
}

function RefusedTable({ now: { refused } }: { now: Progress }) {
  return (
    <div class="scroll" role="region" aria-label="Refused rows" tabIndex={0}>
      <table>
        <caption>{refused.shown.length < mostShown ? 'Refused rows' : `The first ${mostShown} reasons; the file has all`}</caption>
        <thead>
          <tr>
            <th scope="col" class="line">
              Line
            </th>
            <th scope="col" class="where">
              Field
            </th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {refused.shown.map((one, i) => (
            <tr key={i}>
              <td class="number">{one.line}</td>
              <td class="mono">{one.field}</td>
              <td>
                {one.message} <span class="mono code">{one.code}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
