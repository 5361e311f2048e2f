//! Where AWS is asked by commands that need no service, and use the one that is here.

use super::{ExitKind, Failure, target};
use crate::aws::{Aws, Endpoint};
use crate::context::Context;
use crate::deploy::DeployError;
use crate::local;
use crate::manifest::{self, Service};

/// How AWS is reached.
pub enum Reach {
    /// As the service here says.
    Service(Box<Service>),
    /// As flags and environment say: there is no manifest here.
    Bare,
}

impl Reach {
    /// The service here, where there is one.
    ///
    /// # Errors
    /// There is one, and it has problems.
    pub fn find(context: &Context) -> Result<Self, Failure> {
        if context.options.config.is_none() && !manifest::is_in(&context.cwd) {
            return Ok(Self::Bare);
        }
        Ok(Self::Service(Box::new(target::load(context)?.service)))
    }

    /// The service that is here.
    pub fn service(&self) -> Option<&Service> {
        match self {
            Self::Service(service) => Some(service),
            Self::Bare => None,
        }
    }

    /// The region that is asked.
    pub fn region(&self, context: &Context) -> String {
        match self {
            Self::Service(service) => service.region.clone(),
            Self::Bare => target::bare_settings(context).region,
        }
    }

    /// Runs a command's work with AWS.
    ///
    /// # Errors
    /// AWS cannot be reached, or what the work failed with.
    pub fn with_aws<T>(
        &self,
        context: &Context,
        work: impl AsyncFnOnce(&Aws) -> Result<T, DeployError>,
    ) -> Result<T, Failure> {
        if let Self::Service(service) = self {
            return target::with_aws(service, context, work);
        }
        let mut settings = target::bare_settings(context);
        let is_local = context.options.local || context.options.stage.as_deref() == Some("local");
        if let local::Status::Up(emulator) = local::status(context)
            && is_local
            && matches!(settings.endpoint, Endpoint::Aws)
        {
            settings.endpoint = Endpoint::Local(emulator);
        }
        let done = crate::aws::block_on(async {
            let aws = Aws::new(context, settings).await;
            work(&aws).await.map_err(|error| target::failure(&error, context))
        });
        done.unwrap_or_else(|error| Err(Failure::new(ExitKind::Failed, format!("cannot start the runtime: {error}"))))
    }
}
