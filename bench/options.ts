import { parseArgs } from 'node:util'
import { BY_GROUP, PEERS, PEERS_ON_ALL_PROCESSORS } from './peers.ts'
import { SCENARIOS } from './scenarios.ts'

/** What to measure, and how often and how long. */
export interface BenchOptions {
  /** Names of scenarios; all if empty. */
  readonly only: readonly string[]
  /** Names of peers; all if empty. */
  readonly peers: readonly string[]
  /** Duration of one measurement, without its warm-up. */
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly repeats: number
  /** Whether to write results.json, results.svg and headlines.svg. */
  readonly isSaving: boolean
}

const ALL_PEERS = [...PEERS, BY_GROUP, ...PEERS_ON_ALL_PROCESSORS]

const USAGE = `npm run bench -- [options]
  --only=NAMES      scenarios, with commas between them: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --peers=NAMES     servers: ${ALL_PEERS.map(({ name }) => name).join(', ')}
  --seconds=N       measured time of a run (3)
  --warm-up=N       time before it, in seconds (1.5)
  --repeats=N       runs of each, of which the median counts (5)
  --save            writes what was measured into bench/results.json, and draws results.svg and headlines.svg of all that is there`

/** Reads the command line. Prints the usage and ends the process on `--help` and on an invalid option. */
export function readOptions(parameters: string[]): BenchOptions {
  try {
    return parse(parameters)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return process.exit(2)
  }
}

function parse(parameters: string[]): BenchOptions {
  const { values } = parseArgs({
    args: parameters,
    options: {
      help: { type: 'boolean' },
      only: { type: 'string', default: '' },
      peers: { type: 'string', default: '' },
      repeats: { type: 'string', default: '5' },
      save: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '3' },
      'warm-up': { type: 'string', default: '1.5' },
    },
  })
  if (values.help === true) throw new RangeError('How to measure')
  return {
    only: names('--only', values.only, SCENARIOS),
    peers: names('--peers', values.peers, ALL_PEERS),
    seconds: positive('--seconds', values.seconds),
    warmUpSeconds: positive('--warm-up', values['warm-up']),
    repeats: positive('--repeats', values.repeats),
    isSaving: values.save,
  }
}

function names(option: string, list: string, known: readonly { readonly name: string }[]): string[] {
  const chosen = list.split(',').filter((name) => name !== '')
  const unknown = chosen.find((name) => known.every((one) => one.name !== name))
  if (unknown !== undefined) throw new RangeError(`${option} does not know '${unknown}'`)
  return chosen
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new RangeError(`${option} has to be a number above 0, and is '${text}'`)
  return value
}
