import { specifyConformance } from './specify-conformance.ts'

// These scenarios are our own. Like the others, they were recorded from ASP.NET Core on .NET 10.
specifyConformance('more-scenarios.json', 'more-transcripts.json')
