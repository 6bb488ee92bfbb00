//! What this worker offers to compute on.

use anyhow::bail;
use mrprism_model_core::device::DeviceReport;
use mrprism_protocol::state::DeviceKind;
use mrprism_protocol::wire::DeviceOffer;
use mrprism_settings::DeviceWish;
use mrprism_settings::worker::Settings;
use serde::{Deserialize, Serialize};

use crate::output;

/// What `mrprism devices` says.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    libtorch: String,
    flavour: String,
    cudart: bool,
    /// CUDA devices only: an empty list is what a machine without a GPU must show.
    devices: Vec<DeviceOffer>,
    processor: Option<DeviceOffer>,
}

impl From<DeviceReport> for Report {
    fn from(report: DeviceReport) -> Self {
        let (devices, processors): (Vec<_>, Vec<_>) = report
            .devices
            .into_iter()
            .partition(|device| device.kind == DeviceKind::Cuda);
        Self {
            libtorch: report.libtorch,
            flavour: report.flavour,
            cudart: report.cudart,
            devices,
            processor: processors.into_iter().next(),
        }
    }
}

/// The `devices` command.
pub(crate) fn print(json: bool) -> anyhow::Result<()> {
    let report = Report::from(mrprism_model_core::device::describe());
    if json {
        return output::json(&report);
    }
    output::line(format_args!(
        "libtorch {}, flavour {}",
        report.libtorch, report.flavour
    ));
    let names: Vec<_> = report
        .devices
        .iter()
        .map(|device| {
            format!(
                "cuda:{} {} ({} MiB)",
                device.index, device.name, device.memory_mib
            )
        })
        .collect();
    output::line(format_args!(
        "cudart: {}, devices: [{}]",
        report.cudart,
        names.join(", ")
    ));
    if let Some(cpu) = report.processor {
        output::line(format_args!(
            "processor: {} ({} threads, {} MiB)",
            cpu.name, cpu.threads, cpu.memory_mib
        ));
    }
    Ok(())
}

/// The devices to offer.
///
/// # Errors
/// CUDA is asked for and there is none: nothing falls back to the processor.
pub(crate) fn offers(settings: &Settings) -> anyhow::Result<Vec<DeviceOffer>> {
    choose(
        mrprism_model_core::device::describe().into(),
        settings.device,
        settings.threads,
    )
}

fn choose(report: Report, wish: DeviceWish, threads: u32) -> anyhow::Result<Vec<DeviceOffer>> {
    let offered = match wish {
        DeviceWish::Cuda if report.devices.is_empty() => bail!(
            "CUDA was asked for and there is no CUDA device (libtorch {}, flavour {}, cudart: {}): start with --device \
             cpu, or set up with MRPRISM_TORCH=cuda on a machine with an NVIDIA driver",
            report.libtorch,
            report.flavour,
            report.cudart
        ),
        DeviceWish::Cuda | DeviceWish::Auto if !report.devices.is_empty() => report.devices,
        _ => report.processor.into_iter().collect(),
    };
    let count = offered.len().max(1) as u32;
    Ok(offered
        .into_iter()
        .map(|device| DeviceOffer {
            threads: match threads {
                0 => (device.threads / count).max(1),
                threads => threads,
            },
            ..device
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(kind: DeviceKind, index: u32) -> DeviceOffer {
        DeviceOffer {
            kind,
            index,
            name: "one".into(),
            memory_mib: 1,
            threads: 8,
        }
    }

    fn report(cuda: u32) -> Report {
        Report {
            libtorch: "2.13.0".into(),
            flavour: "cpu".into(),
            cudart: false,
            devices: (0..cuda)
                .map(|index| offer(DeviceKind::Cuda, index))
                .collect(),
            processor: Some(offer(DeviceKind::Cpu, 0)),
        }
    }

    #[test]
    fn cuda_that_is_not_there_is_refused_and_never_replaced() {
        let error = choose(report(0), DeviceWish::Cuda, 0)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no CUDA device") && error.contains("--device cpu"),
            "{error}"
        );
    }

    #[test]
    fn threads_are_shared_among_the_devices() {
        let threads = |cuda, wish, threads| {
            choose(report(cuda), wish, threads)
                .unwrap()
                .iter()
                .map(|device| (device.kind, device.threads))
                .collect::<Vec<_>>()
        };
        assert_eq!(threads(0, DeviceWish::Auto, 0), [(DeviceKind::Cpu, 8)]);
        assert_eq!(threads(2, DeviceWish::Auto, 0), [(DeviceKind::Cuda, 4); 2]);
        assert_eq!(threads(2, DeviceWish::Cpu, 3), [(DeviceKind::Cpu, 3)]);
    }
}
