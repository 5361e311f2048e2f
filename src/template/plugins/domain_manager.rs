//! Outputs of serverless-domain-manager. Its domains and mappings are made outside of the template
//! (`deploy::after::domain`), as the plugin makes them, so that those of an existing stack stay.
//!
//! `DistributionDomainName` and `HostedZoneId` are known to AWS alone, and are not there.

use crate::manifest::plugins::domain_manager::{Domain, outputs};
use crate::template::Compilation;

/// Adds them, and says what is wrong with the domains.
pub fn compile(it: &mut Compilation<'_>) {
    let (domains, problems) = Domain::all(it.service);
    it.problems.extend(problems);
    for (key, output) in outputs(it.service, &domains) {
        it.template.set_output(key, output);
    }
}
