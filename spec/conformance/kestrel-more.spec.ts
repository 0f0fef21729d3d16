import { specifyConformance } from './specify-conformance.ts'

// Of our own invention, and recorded from ASP.NET Core on .NET 10 as the others were.
specifyConformance('more-scenarios.json', 'more-transcripts.json')
