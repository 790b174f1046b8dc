import './styles/tokens.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/lists.css';
import './styles/dialogs.css';
import './styles/import.css';
import { render } from 'preact';
import { App } from './app';

render(<App />, document.getElementById('app')!);
