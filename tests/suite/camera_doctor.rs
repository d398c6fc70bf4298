//! `peergate doctor` finds a camera that this user may not open, and a clock that nobody has set.

use std::process::Command;

use crate::common::{
    doctor::{Doctor, MODEST},
    guest::{self, Camera},
};

#[test]
fn permissions_and_the_clock() {
    guest::with_camera(Camera::Vivid, async {
        // The guest's processor is interpreted: little is asked of its encoders.
        let slow = MODEST.replace("size = '320x240'", "size = '160x120'\nfps = 2");
        let configuration = slow.replace("'test'", "'camera'");
        let examined = Doctor::with(&configuration).examine();
        examined.is_well("devices", "root may open all cameras (1)");
        examined.is_well("sources", "[video.picture] camera gives pictures");

        // The node is for root and the group `video`.
        let nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
        let doctor = Doctor::called_through(&nobody, &configuration);
        doctor.open_to_all();
        let examined = doctor.examine();
        examined.fails("devices", "nobody may not open /dev/video0", "sudo usermod --append --groups video nobody");
        examined.fails("sources", "may not be used by this user; add the user to group video", "");

        let set = Command::new("date").args(["--set", "2001-01-01"]).output().unwrap();
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
        let examined = Doctor::with(&slow).examine();
        examined.fails("clock", "a time before this program was made", "sudo timedatectl set-ntp true");
    });
}
