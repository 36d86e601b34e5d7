#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// What kubectl runs as `kubectl_complete-ironloom` for the words after `kubectl ironloom`.
process.argv.splice(2, 0, 'complete', '--');
await import('./ironloom.js');
