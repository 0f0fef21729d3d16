import { specifyConformance } from './specify-conformance.ts'

specifyConformance('scenarios.json', 'transcripts.json')
